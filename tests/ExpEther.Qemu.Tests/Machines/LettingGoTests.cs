using ExpEther.Qemu.Tests.Monitors;

namespace ExpEther.Qemu.Tests.Machines;

/// <summary>How a guest is asked to let go of a function, and what becomes of one that does not.</summary>
public sealed class LettingGoTests : IDisposable
{
    private readonly MachineRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Theory]
    [InlineData(GuestManners.NeverAnswers)]
    [InlineData(GuestManners.Refuses)]
    internal void A_guest_that_does_not_let_go_loses_the_function_and_the_slot_is_quarantined_until_it_does(GuestManners manners)
    {
        _rig.Connect();
        var client = _rig.PlugIn();
        _rig.Qemu.Manners = manners;
        var began = _rig.Scheduler.Now;
        var unplug = _rig.Unplug();
        _rig.RunUntil(() => unplug.IsEnded, TimeSpan.FromSeconds(11));
        Assert.Equal(manners == GuestManners.NeverAnswers, _rig.Scheduler.Now - began >= _rig.Options.UnplugTimeout);
        _rig.AssertAbsent(client);
        Assert.Equal(QemuSlotState.Quarantined, _rig.Status().State);
        Assert.NotEqual("", _rig.Status().Trouble);
        _rig.Slots[0].Empty();

        // The next function waits, bounded, and is then refused; nobody gets hold of it meanwhile.
        _rig.Slots[0].Fill();
        var plug = _rig.Plug();
        _rig.RunFor(TimeSpan.FromSeconds(20));
        Assert.False(plug.IsEnded);
        _rig.RunUntil(() => plug.IsEnded, TimeSpan.FromSeconds(11));
        Assert.False(plug.Result);
        Assert.Equal((1, QemuSlotState.Quarantined), (_rig.Qemu.Monitor.CountOf("device_add"), _rig.Status().State));

        // And comes when the device has been deleted.
        plug = _rig.Plug();
        _rig.RunFor(TimeSpan.FromSeconds(1));
        _rig.Qemu.LetGo(_rig.Qemu.Devices[0]);
        _rig.RunUntil(() => plug.IsEnded, TimeSpan.FromSeconds(1));
        Assert.True(plug.Result);
        Assert.Equal((QemuSlotState.Connected, ""), (_rig.Status().State, _rig.Status().Trouble));
    }

    [Fact]
    public void A_quarantine_ends_with_QEMU_and_the_guest_is_asked_again_while_it_lasts()
    {
        _rig.Connect();
        _rig.PlugIn();
        _rig.Qemu.Manners = GuestManners.Refuses;
        var unplug = _rig.Unplug();
        _rig.RunUntil(() => unplug.IsEnded, TimeSpan.FromSeconds(1));
        var asked = _rig.Qemu.Monitor.CountOf("device_del");
        _rig.RunFor(TimeSpan.FromMinutes(5));
        Assert.InRange(_rig.Qemu.Monitor.CountOf("device_del") - asked, 5, 12);

        _rig.Qemu.End();
        _rig.RunFor(TimeSpan.FromMilliseconds(20));
        Assert.Equal(QemuSlotState.Absent, _rig.Status().State);
        _rig.Connect();
        _rig.PlugIn();
    }

    [Fact]
    public void A_pulled_cable_makes_the_guest_let_go_and_its_accesses_read_all_ones_until_it_has()
    {
        _rig.Connect();
        var client = _rig.PlugIn();
        _rig.Qemu.Manners = GuestManners.NeverAnswers;
        _rig.Slots[0].Empty();
        _rig.Machine.MarkGone(_rig.Slots[0].Slot);
        _rig.RunUntil(() => _rig.Qemu.Devices[0].IsUnplugPending, TimeSpan.FromMilliseconds(10));
        var unplug = _rig.Unplug(isSurprise: true);
        Assert.Equal([0xFF, 0xFF, 0xFF, 0xFF], _rig.Read(client, client.ReadConfig(0, 4)));

        _rig.Qemu.LetGo(_rig.Qemu.Devices[0]);
        _rig.RunUntil(() => unplug.IsEnded, TimeSpan.FromMilliseconds(50));
        Assert.Equal((QemuSlotState.Absent, ""), (_rig.Status().State, _rig.Status().Trouble));
    }

    [Fact]
    public void Before_it_ends_it_has_the_guests_let_go_and_does_not_cut_those_that_do_not()
    {
        _rig.Connect();
        _rig.PlugIn();
        var leave = _rig.Leave();
        _rig.RunUntil(() => leave.IsEnded, TimeSpan.FromSeconds(1));
        Assert.Empty(_rig.Qemu.Devices);
        _rig.RunFor(TimeSpan.FromSeconds(5));
        Assert.Empty(_rig.Qemu.Devices); // it does not come back by itself

        var client = _rig.PlugIn();
        _rig.Qemu.Manners = GuestManners.NeverAnswers;
        leave = _rig.Leave();
        _rig.RunUntil(() => leave.IsEnded, _rig.Options.UnplugTimeout + TimeSpan.FromSeconds(1));
        _rig.Read(client, client.ReadConfig(0, 4));
        Assert.False(client.IsClosed);
        Assert.Contains(_rig.Events.All, e => e.ToString().Contains("the device stays in the guest, dead", StringComparison.Ordinal));
    }

    [Fact]
    public void A_guest_that_sleeps_is_asked_to_let_go_when_it_wakes_up()
    {
        _rig.Connect();
        var client = _rig.PlugIn();
        _rig.Qemu.Monitor.SendEvent("SUSPEND");
        _rig.RunFor(TimeSpan.FromMilliseconds(50));
        var unplug = _rig.Unplug();
        _rig.RunUntil(() => unplug.IsEnded, TimeSpan.FromSeconds(11));
        Assert.Equal(QemuSlotState.Quarantined, _rig.Status().State);
        _rig.AssertAbsent(client);
        Assert.Single(_rig.Qemu.Devices);

        _rig.Qemu.Monitor.SendEvent("WAKEUP");
        _rig.RunUntil(() => _rig.Status().State == QemuSlotState.Absent, TimeSpan.FromSeconds(2));
        Assert.Empty(_rig.Qemu.Devices);
    }

    [Fact]
    public void After_a_pulled_cable_too_the_guest_has_its_time_and_no_more()
    {
        _rig.Connect();
        var client = _rig.PlugIn();
        _rig.Qemu.Manners = GuestManners.NeverAnswers;
        _rig.Slots[0].Empty();
        _rig.Machine.MarkGone(_rig.Slots[0].Slot);
        var unplug = _rig.Unplug(isSurprise: true);
        _rig.RunFor(TimeSpan.FromSeconds(9));
        Assert.False(unplug.IsEnded || client.IsClosed);
        _rig.RunUntil(() => unplug.IsEnded, TimeSpan.FromSeconds(2));
        _rig.AssertAbsent(client);
        Assert.Equal(QemuSlotState.Quarantined, _rig.Status().State);
    }
}
