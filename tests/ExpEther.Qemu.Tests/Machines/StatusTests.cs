using ExpEther.Core.Counters;
using ExpEther.Linux.Polling;

namespace ExpEther.Qemu.Tests.Machines;

/// <summary>What a machine tells of itself, and what it is woken by.</summary>
public sealed class StatusTests : IDisposable
{
    private readonly MachineRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public void The_guests_numbering_is_asked_for_when_somebody_wants_to_know_and_not_more_than_once_a_second()
    {
        _rig.Connect();
        _rig.PlugIn();
        _rig.RunFor(TimeSpan.FromSeconds(3));
        Assert.Equal("03:00.0", $"{_rig.Status().Guest}");
        _rig.Qemu.FirstBus = 0x40;
        var asked = _rig.Qemu.Monitor.CountOf("query-pci");
        _rig.RunFor(TimeSpan.FromSeconds(10));
        Assert.Equal(asked, _rig.Qemu.Monitor.CountOf("query-pci"));

        for (var i = 0; i < 5; i++)
        {
            Refresh();
        }

        Assert.Equal(asked + 1, _rig.Qemu.Monitor.CountOf("query-pci"));
        Assert.Equal("41:00.0", $"{_rig.Status().Guest}");
    }

    [Fact]
    public void A_reset_of_the_guest_has_its_numbering_asked_for_anew()
    {
        _rig.Connect();
        _rig.PlugIn();
        _rig.RunFor(TimeSpan.FromSeconds(3));
        _rig.Qemu.FirstBus = 0x40;
        _rig.Qemu.Monitor.SendEvent("RESET");
        _rig.RunUntil(() => $"{_rig.Status().Guest}" == "41:00.0", TimeSpan.FromMilliseconds(200));
    }

    [Fact]
    public void A_question_to_a_silent_QEMU_ends_in_time()
    {
        _rig.Connect();
        _rig.PlugIn();
        _rig.RunFor(TimeSpan.FromSeconds(3));
        _rig.Qemu.Monitor.IsDeaf = true;
        var began = _rig.Scheduler.Now;
        Refresh();
        Assert.InRange(_rig.Scheduler.Now - began, TimeSpan.FromMilliseconds(500), TimeSpan.FromMilliseconds(600));
        Assert.Equal("03:00.0", $"{_rig.Status().Guest}");
    }

    [Fact]
    public void It_is_known_whether_the_guest_runs()
    {
        Assert.False(_rig.Machine.Status().IsRunning);
        _rig.Connect();
        Assert.True(_rig.Machine.Status().IsRunning);
        _rig.Qemu.Monitor.SendEvent("STOP");
        _rig.RunUntil(() => !_rig.Machine.Status().IsRunning, TimeSpan.FromMilliseconds(200));
        _rig.Qemu.Monitor.SendEvent("RESUME");
        _rig.RunUntil(() => _rig.Machine.Status().IsRunning, TimeSpan.FromMilliseconds(200));
    }

    [Fact]
    public void The_same_descriptors_wake_for_the_monitor_and_every_slot()
    {
        var poller = new Poller();
        foreach (var descriptor in _rig.Machine.PollFileDescriptors)
        {
            poller.Add(descriptor, PollEvents.Readable);
        }

        Assert.Equal(2, poller.Count); // the slots, however many, are one
        _rig.Connect();
        var client = _rig.PlugIn();
        _rig.RunFor(TimeSpan.FromMilliseconds(100));
        Assert.Equal(0, poller.Wait(TimeSpan.Zero));
        _ = client.ReadConfig(0, 4);
        Assert.Equal(1, poller.Wait(TimeSpan.Zero));
        _rig.RunFor(TimeSpan.FromMilliseconds(100));
        _rig.Qemu.Monitor.SendEvent("STOP");
        Assert.Equal(1, poller.Wait(TimeSpan.Zero));
    }

    [Fact]
    public void What_is_counted_has_a_name_and_a_number()
    {
        _rig.Connect();
        _rig.PlugIn(2);
        _rig.Machine.RaiseInterrupt(_rig.Slots[1].Slot, new(0xFEE0_0000), 3);
        _rig.Machine.RaiseInterrupt(_rig.Slots[0].Slot, new(0xFEE0_0000), 3);
        var tree = new CounterTree();
        _rig.Machine.AddCounters(tree);
        var counted = tree.Entries.Where(e => e.Read is not null).ToDictionary(e => e.Path, e => e.Read!());

        Assert.Equal(1, counted["qemu.isConnected"]);
        Assert.Equal(1, counted["qemu.monitor.connections"]);
        Assert.Equal((0, 1), (counted["qemu.slots[0].isTaken"], counted["qemu.slots[1].isTaken"]));
        Assert.Equal((1, 1), (counted["qemu.slots[0].interruptsLost"], counted["qemu.slots[1].interrupts"]));
        Assert.Equal(1, counted["qemu.slots[1].clientResets"]);
        Assert.True(counted["qemu.slots[1].server.messages"] > 10);
    }

    private void Refresh()
    {
        var refresh = new Sequence<bool>();
        _rig.Scheduler.Start(async () =>
        {
            await _rig.Machine.RefreshAsync(TimeSpan.FromMilliseconds(500));
            refresh.End(true);
        });
        _rig.RunUntil(() => refresh.IsEnded, TimeSpan.FromSeconds(1));
    }
}
