using ExpEther.Bridge.Hosts;
using ExpEther.Bridge.Protocol;
using ExpEther.Link;
using ExpEther.Link.Announcements;
using ExpEther.Link.Ethernet;
using ExpEther.Link.Sealing;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Bridge.Tests.Hosts;

/// <summary>How functions come into slots and leave them, with the links to their boxes.</summary>
public class HostSlotTests
{
    private const uint PowerOff = 1 << 10;
    private const uint AllEnables = (1 << 0) | (1 << 3) | (1 << 5) | (1 << 12);

    [Fact]
    public void Each_event_of_a_slot_is_an_interrupt_of_its_port()
    {
        var bench = new HostBench();
        bench.SetUpSwitch();
        bench.EnableHotPlugInterrupts(1, 0x41);
        var box = bench.AddBox();

        box.Present(1, 7);
        bench.Settle();
        Assert.Equal((HostBench.PortOf(1), 0xFEE0_0000UL, 0x41U), Assert.Single(bench.Host.Interrupts));

        bench.WriteSlotControl(1, AllEnables);
        Assert.Equal(2, bench.Host.Interrupts.Count);

        bench.WriteSlotControl(1, AllEnables);
        bench.Host.Interrupts.Clear();
        box.PressAttention(1, 7);
        bench.Settle();
        Assert.Single(bench.Host.Interrupts);
    }

    [Fact]
    public void A_host_that_lets_go_tells_the_box_and_empties_the_slot()
    {
        var bench = new HostBench();
        var box = bench.AddBoxWithFunction();
        box.PressAttention(1, 7);
        bench.Settle();
        Assert.Equal(SlotState.Releasing, bench.Slot(1).State);
        Assert.Empty(box.Controls);

        bench.WriteSlotControl(1, PowerOff);

        Assert.True(PoweredOffMessage.TryParse(Assert.Single(box.Controls), out var message));
        Assert.Equal(new PoweredOffMessage(1, 7), message);
        Assert.Equal(SlotState.Empty, bench.Slot(1).State);
    }

    [Fact]
    public void What_a_function_sends_after_the_host_let_go_is_refused()
    {
        var bench = new HostBench();
        var box = bench.AddBoxWithFunction();
        var memory = bench.Host.Map(0x10_0000, 4096, RootComplex.Memory.DmaRights.ReadWrite);
        bench.WriteSlotControl(1, PowerOff);

        box.Send(1, 7, HostBench.Make(into => new MemoryWrite(HostBench.FunctionIn(1), 0x10_0000).Write(into, [1, 2, 3, 4])));
        box.Send(1, 7, HostBench.Make(into => new MemoryRead(HostBench.FunctionIn(1), new Tag(1), 0x10_0000, 4).Write(into)));
        bench.Settle();

        Assert.All(memory, b => Assert.Equal(0, b));
        Assert.Equal(CompletionStatus.UnsupportedRequest, HostBench.Parse(Assert.Single(box.Tlps).Tlp).Status);
    }

    [Fact]
    public void Functions_take_the_first_free_slots_and_come_back_to_their_own()
    {
        var bench = new HostBench(slots: 3);
        bench.SetUpSwitch();
        var box = bench.AddBox();
        box.Present(10, 1, "a");
        box.Present(11, 1, "b");
        bench.Settle();
        Assert.Equal(["a", "b", null], Names(bench));

        box.Withdraw(10, 1);
        box.Withdraw(11, 1);
        bench.Settle();
        box.Present(12, 1, "c");
        bench.Settle();
        // They are still this host's, for all that is known, and their slots are kept.
        Assert.Equal([null, null, "c"], Names(bench));

        box.Present(11, 2, "b");
        box.Present(10, 2, "a");
        bench.Settle();
        Assert.Equal(["a", "b", "c"], Names(bench));
    }

    [Fact]
    public void A_function_without_a_free_slot_is_refused()
    {
        var bench = new HostBench(slots: 1);
        bench.SetUpSwitch();
        var box = bench.AddBox();
        box.Present(10, 1);
        box.Present(11, 3);
        bench.Settle();

        Assert.True(RefusedMessage.TryParse(Assert.Single(box.Controls), out var refused));
        Assert.Equal(new RefusedMessage(11, 3, RefusalReason.NoFreeSlot), refused);
        Assert.Equal(1, bench.Bridge.Status().Counters.FunctionsRefused);
    }

    [Fact]
    public void A_new_generation_of_a_plugged_function_is_a_removal_and_a_new_card()
    {
        var bench = new HostBench();
        var box = bench.AddBoxWithFunction(generation: 7);

        box.Present(1, 8);
        bench.Settle();
        Assert.Equal(SlotState.Waiting, bench.Slot(1).State);
        Assert.Equal(0U, bench.ReadSlot(1) & 1 << 22);

        bench.WriteSlotControl(1, PowerOff);
        bench.Pass(TimeSpan.FromSeconds(2));
        bench.WriteSlotControl(1, 0);

        Assert.Equal(SlotState.On, bench.Slot(1).State);
        Assert.Equal(8UL, bench.Slot(1).Function!.Generation);
        Assert.False(bench.Slot(1).Function!.BusMasterEnable);
    }

    [Fact]
    public void A_cable_cut_shorter_than_link_dead_changes_nothing_a_longer_one_empties_the_boxes_slots_only()
    {
        var bench = new HostBench();
        var box = bench.AddBoxWithFunction();
        bench.IsCut = true;
        bench.Pass(TimeSpan.FromSeconds(15));
        bench.IsCut = false;
        bench.Pass(TimeSpan.FromSeconds(5));
        Assert.Equal(SlotState.On, bench.Slot(1).State);
        Assert.Empty(box.Downs);

        bench.IsCut = true;
        bench.Pass(TimeSpan.FromSeconds(21));
        Assert.Equal(SlotState.Empty, bench.Slot(1).State);
        Assert.False(bench.Bridge.Status().Boxes[0].IsUp);

        bench.IsCut = false;
        bench.Pass(TimeSpan.FromSeconds(5));
        Assert.True(bench.Bridge.Status().Boxes[0].IsUp);
        bench.WriteSlotControl(1, PowerOff);
        box.Present(1, 9);
        bench.Pass(TimeSpan.FromSeconds(2));
        bench.WriteSlotControl(1, 0);
        Assert.Equal((SlotState.On, 9UL), (bench.Slot(1).State, bench.Slot(1).Function!.Generation));
    }

    [Fact]
    public void Two_boxes_live_and_die_apart()
    {
        var bench = new HostBench();
        bench.SetUpSwitch();
        var first = bench.AddBox(1);
        var second = bench.AddBox(2);
        first.Present(1, 1, "a");
        bench.Settle();
        second.Present(1, 1, "b");
        bench.Settle();

        first.Link.Close(LinkDownReason.Closed, bench.Now);
        bench.Settle();

        Assert.Equal([null, "b"], Names(bench)[..2]);
        Assert.Equal(2, bench.Bridge.Status().Boxes.Count);
    }

    [Fact]
    public void Only_boxes_with_the_key_get_a_link()
    {
        var key = new byte[32];
        var bench = new HostBench(change: o => o with { Sealed = true, Key = key });
        var box = bench.AddBox(1);
        Assert.Equal(LinkState.Up, box.Link.State);

        var stranger = new ScriptedBox(
            box.Link.Options with { Local = new MacAddress(0x02_00_00_00_10_99), PreSharedKey = [.. Enumerable.Repeat((byte)1, 32)] },
            new SeededRandom(5), bench.Events);
        bench.Boxes.Add(stranger);
        stranger.Link.Open(bench.Now);
        bench.Pass(TimeSpan.FromSeconds(5));

        Assert.NotEqual(LinkState.Up, stranger.Link.State);
        Assert.True(Assert.Single(bench.Bridge.Status().Boxes).IsUp);
    }

    [Fact]
    public void Forged_askers_cost_no_place()
    {
        var bench = new HostBench(change: o => o with { Sealed = true, Key = new byte[32] });
        var forger = new ScriptedBox(
            new LinkOptions
            {
                Local = new MacAddress(0x02_00_00_00_20_00), Peer = HostBench.HostMac, Vlan = HostBench.Vlan, Role = LinkRole.Initiator,
                PreSharedKey = PairKey.Derive(new byte[32], new MacAddress(0x02_00_00_00_20_00)),
            },
            new SeededRandom(5), bench.Events);
        forger.Link.Open(bench.Now);
        var init = new byte[1600];
        Assert.True(forger.Link.TryTakeFrame(bench.Now, init, out var length));
        for (var i = 0; i < HostBridgeLimits.BoxesMax * 2; i++)
        {
            bench.Bridge.OnFrame(
                new ReceivedFrame(HostBench.HostMac, new MacAddress(0x02_00_00_00_20_00 + (ulong)i), HostBench.Vlan, init.AsSpan(18, length - 18)), bench.Now);
        }

        // Only the first was made for the MAC that it came from.
        Assert.Single(bench.Bridge.Status().Boxes);
        Assert.Equal((HostBridgeLimits.BoxesMax * 2) - 1, bench.Bridge.Status().Counters.FramesOfStrangers);
        Assert.Equal(LinkState.Up, bench.AddBox(1).Link.State);
    }

    [Fact]
    public void Frames_for_another_vlan_or_mac_and_of_strangers_are_dropped_and_counted()
    {
        var bench = new HostBench();
        bench.AddBoxWithFunction();
        byte[] payload = new byte[64];

        bench.Bridge.OnFrame(new ReceivedFrame(HostBench.HostMac, bench.Boxes[0].Mac, new VlanId(102), payload), bench.Now);
        bench.Bridge.OnFrame(new ReceivedFrame(new MacAddress(0x02_00_00_00_00_02), bench.Boxes[0].Mac, HostBench.Vlan, payload), bench.Now);
        bench.Bridge.OnFrame(new ReceivedFrame(HostBench.HostMac, new MacAddress(0x02_00_00_00_77_77), HostBench.Vlan, payload), bench.Now);

        var counters = bench.Bridge.Status().Counters;
        Assert.Equal((2, 1), (counters.FramesNotForUs, counters.FramesOfStrangers));
    }

    [Fact]
    public void The_bridge_announces_itself_by_broadcast_at_its_interval()
    {
        var bench = new HostBench();
        var announced = new List<long>();
        var frame = new byte[1600];
        var now = bench.Now;
        for (var i = 0; i < 30; i++, now += TimeSpan.FromMilliseconds(100))
        {
            while (bench.Bridge.TryTakeFrame(now, frame, out var length))
            {
                var received = new ReceivedFrame(MacAddress.Read(frame), MacAddress.Read(frame.AsSpan(6)), HostBench.Vlan, frame.AsSpan(18, length - 18));
                Assert.Equal(MacAddress.Broadcast, received.Destination);
                var announcement = Announcement.TryParse(received);
                Assert.Equal(("host1", HostBench.HostMac, 4), (announcement!.Name, announcement.Source, announcement.Slots));
                announced.Add(now.Nanoseconds / 1_000_000);
            }
        }

        Assert.Equal([0, 1000, 2000], announced);
    }

    private static string?[] Names(HostBench bench) => [.. bench.Bridge.Status().Slots.Select(s => s.Function?.Name)];
}
