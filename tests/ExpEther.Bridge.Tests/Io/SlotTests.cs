using ExpEther.Bridge.Io;
using ExpEther.Bridge.Protocol;
using ExpEther.Bridge.Tests.Io.Rig;
using ExpEther.Link;

namespace ExpEther.Bridge.Tests.Io;

/// <summary>What an I/O bridge says of slots: which one a function should have, in which order functions come back, and whose they are not any more.</summary>
public sealed class SlotTests
{
    [Fact]
    public void Functions_come_back_in_the_order_of_the_configuration_whichever_is_ready_first()
    {
        var rig = new IoRig(devices: [new TestDevice(), new TestDevice(), new TestDevice()]).Start();
        foreach (var function in (string[])["nvme2", "nvme1", "nvme0"])
        {
            rig.Plug(function, rig.Host);
        }

        // The first one takes longest to be quiet: it owes an answer that never comes.
        rig.Devices[0].AnswersMemory = false;
        rig.Host.Read(0x80_0000_0000, 4);
        rig.Settle();
        rig.Host.Controls.Clear();
        rig.Host.Link.Close(LinkDownReason.Closed, rig.Now);
        rig.Settle();
        rig.Host.Link.Open(rig.Now);
        rig.Run(() => Presented(rig).Count == 3, 120);

        Assert.Equal(["nvme0", "nvme1", "nvme2"], Presented(rig).Select(p => p.Name));
    }

    [Fact]
    public void A_function_that_never_gets_ready_holds_up_no_other()
    {
        var rig = new IoRig(devices: [new TestDevice(), new TestDevice()]).Start();
        rig.Plug("nvme0", rig.Host);
        rig.Plug("nvme1", rig.Host);
        rig.Host.Controls.Clear();
        (rig.Devices[0].AnswersConfig, rig.Devices[0].StaysMute) = (false, true);
        rig.Host.Link.Close(LinkDownReason.Closed, rig.Now);
        rig.Settle();
        rig.Host.Link.Open(rig.Now);
        rig.Run(() => Presented(rig).Count > 0, 300);

        Assert.Equal("nvme1", Presented(rig)[0].Name);
    }

    [Fact]
    public void A_slot_that_was_named_is_demanded_once_and_asked_for_after_that()
    {
        var rig = new IoRig().Start();
        var result = rig.Await(rig.Bridge.AttachAsync("nvme0", "host1", slot: 3));
        Assert.True(result.Ok, result.Message);
        Assert.Equal((3, true), (rig.Host.LastPresent.Slot, rig.Host.LastPresent.IsSlotDemanded));

        rig.Host.Link.Close(LinkDownReason.Closed, rig.Now);
        rig.Settle();
        rig.Host.Link.Open(rig.Now);
        rig.Run(() => rig.Host.Presents == 2, 60);
        Assert.Equal((3, false), (rig.Host.LastPresent.Slot, rig.Host.LastPresent.IsSlotDemanded));
    }

    [Theory]
    [InlineData(RefusalReason.SlotTaken, "another function is in that slot")]
    [InlineData(RefusalReason.NoSuchSlot, "no slot of that number")]
    [InlineData(RefusalReason.NoFreeSlot, "no free slot")]
    public void A_host_that_cannot_give_the_slot_is_told_in_its_words(RefusalReason reason, string words)
    {
        var rig = new IoRig();
        rig.Host.Refuses = reason;
        rig.Start();

        var result = rig.Await(rig.Bridge.AttachAsync("nvme0", "host1", slot: 9));

        Assert.Equal(RefusalCode.HostRefused, result.Code);
        Assert.Contains(words, result.Message, StringComparison.Ordinal);
        Assert.NotEmpty(result.Remedy);
        Assert.Null(rig.Status.Owner);
    }

    [Fact]
    public void The_owner_before_is_told_to_forget_a_function_by_detach_and_by_move()
    {
        var rig = new IoRig(2).StartAndPlug();
        Assert.True(rig.Await(rig.Bridge.MoveAsync("nvme0", "host2")).Ok);
        rig.Settle();
        Assert.Equal([["nvme0"], []], rig.Hosts.Select(Forgotten));

        Assert.True(rig.Await(rig.Bridge.DetachAsync("nvme0")).Ok);
        rig.Settle();
        Assert.Equal([["nvme0"], ["nvme0"]], rig.Hosts.Select(Forgotten));
    }

    [Fact]
    public void A_function_that_its_host_gave_back_is_forgotten_too()
    {
        var rig = new IoRig().StartAndPlug();
        rig.Host.SayPoweredOff(rig.Host.LastPresent.Function, rig.Host.LastPresent.Generation);
        rig.Run(() => rig.Status.Owner is null, 60);
        rig.Settle();

        Assert.Equal(["nvme0"], Forgotten(rig.Host));
    }

    [Fact]
    public void A_host_that_keeps_a_slot_learns_whether_the_function_is_still_its()
    {
        var rig = new IoRig(2, [new TestDevice(), new TestDevice()]).StartAndPlug();
        rig.Plug("nvme1", rig.Hosts[1]);

        rig.Host.SayKeeps("nvme0");
        rig.Host.SayKeeps("nvme1");
        rig.Host.SayKeeps("never-heard-of-it");
        rig.Settle();

        Assert.Equal(["nvme1", "never-heard-of-it"], Forgotten(rig.Host));
    }

    private static List<PresentMessage> Presented(IoRig rig) =>
        [.. rig.Host.Controls.Select(m => PresentMessage.TryParse(m, out var present) ? present : default).Where(p => p.Name is not null)];

    private static List<string> Forgotten(ScriptedHost host) =>
        [.. host.Controls.Select(m => ForgetMessage.TryParse(m, out var forget) ? forget.Name : "").Where(name => name.Length > 0)];
}
