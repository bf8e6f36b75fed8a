using CsCheck;
using ExpEther.Ethernet.Frames;
using ExpEther.Ethernet.Switch;
using ExpEther.Ethernet.Tests.Lab;
using ExpEther.Link.Ethernet;
using static ExpEther.Ethernet.Tests.Lab.TestFrames;

namespace ExpEther.Ethernet.Tests.Switch;

public class MemorySwitchTests
{
    private readonly MemorySwitch _fabric = new(new SeededRandom(1));

    [Fact]
    public void An_unknown_destination_reaches_every_port_of_its_VLAN_and_no_other()
    {
        var a = _fabric.AddPort("a", SwitchPortMode.Trunk(Vlan10));
        var b = _fabric.AddPort("b", SwitchPortMode.Trunk(Vlan10, Vlan20));
        var c = _fabric.AddPort("c", SwitchPortMode.Trunk(Vlan20));
        var d = _fabric.AddPort("d");

        a.TrySend(Make(MacB, MacA, Vlan10, "hi"u8));
        Assert.Null(TryTake(a));
        Assert.Equal((MacB, MacA, Vlan10), Addresses(TryTake(b)));
        Assert.Null(TryTake(c));
        Assert.Equal((MacB, MacA, Vlan10), Addresses(TryTake(d)));
    }

    [Fact]
    public void A_learned_destination_gets_the_only_copy_per_VLAN()
    {
        var a = _fabric.AddPort("a");
        var b = _fabric.AddPort("b");
        var c = _fabric.AddPort("c");
        b.TrySend(Make(MacAddress.Broadcast, MacB, Vlan10, "here I am"u8));
        Assert.NotNull(TryTake(a));
        Assert.NotNull(TryTake(c));

        a.TrySend(Make(MacB, MacA, Vlan10, "only you"u8));
        Assert.NotNull(TryTake(b));
        Assert.Null(TryTake(c));

        // The same address in another VLAN is another station.
        a.TrySend(Make(MacB, MacA, Vlan20, "who knows"u8));
        Assert.NotNull(TryTake(b));
        Assert.NotNull(TryTake(c));
    }

    [Fact]
    public void A_station_that_is_alive_is_not_taken_over_by_another_port()
    {
        var a = _fabric.AddPort("a");
        var b = _fabric.AddPort("b");
        var thief = _fabric.AddPort("thief");
        for (var i = 0; i < 100; i++)
        {
            b.TrySend(Make(MacA, MacB, Vlan10, "alive"u8));
            Drain(a, b, thief);
            thief.TrySend(Make(MacA, MacB, Vlan10, "forged"u8));
            Drain(a, b, thief);
            a.TrySend(Make(MacB, MacA, Vlan10, "for b only"u8));
            Assert.NotNull(TryTake(b));
            Assert.Null(TryTake(thief));
            _fabric.Advance(_fabric.Now + (EthernetLimits.LearnedAddressHold / 2));
        }

        Assert.Equal((0, 100), (_fabric.Switch.Snapshot().Ports[2].StationMoves, _fabric.Switch.Snapshot().Ports[2].StationMovesRefused));
    }

    [Fact]
    public void A_second_station_of_one_address_gets_one_answer_no_longer_than_its_frame()
    {
        var a = _fabric.AddPort("a");
        var b = _fabric.AddPort("b");
        var second = _fabric.AddPort("second");
        b.TrySend(Make(MacA, MacB, Vlan10, "alive"u8));
        second.TrySend(Make(MacA, MacB, Vlan10, "hello"u8));
        Drain(a, b, second);

        foreach (var (answer, isCopied) in new[] { ("longer", false), ("five.", true), ("again", false) })
        {
            a.TrySend(Make(MacB, MacA, Vlan10, System.Text.Encoding.ASCII.GetBytes(answer)));
            Assert.NotNull(TryTake(b));
            Assert.Equal(isCopied, TryTake(second) is not null);
        }
    }

    [Fact]
    public void A_cable_that_is_pulled_and_put_in_elsewhere_works_at_once()
    {
        var a = _fabric.AddPort("a");
        var b = _fabric.AddPort("b");
        var c = _fabric.AddPort("c");
        b.TrySend(Make(MacA, MacB, Vlan10, "1"u8));
        _fabric.Switch.Cut(_fabric.Switch.Find("b"));
        c.TrySend(Make(MacA, MacB, Vlan10, "2"u8));
        Drain(a, b, c);

        a.TrySend(Make(MacB, MacA, Vlan10, "3"u8));

        Assert.NotNull(TryTake(c));
    }

    [Fact]
    public void An_address_that_moves_is_learned_anew_and_an_old_one_is_forgotten()
    {
        var a = _fabric.AddPort("a");
        var b = _fabric.AddPort("b");
        var c = _fabric.AddPort("c");
        b.TrySend(Make(MacA, MacB, Vlan10, "1"u8));
        _fabric.Advance(_fabric.Now + EthernetLimits.LearnedAddressHold);
        c.TrySend(Make(MacA, MacB, Vlan10, "2"u8));
        Drain(a, b, c);
        a.TrySend(Make(MacB, MacA, Vlan10, "3"u8));
        Assert.Null(TryTake(b));
        Assert.NotNull(TryTake(c));

        _fabric.Advance(_fabric.Now + TimeSpan.FromSeconds(EthernetLimits.LearnedAddressSecondsMax));
        a.TrySend(Make(MacB, MacA, Vlan10, "4"u8));
        Assert.NotNull(TryTake(b));
        Assert.NotNull(TryTake(c));
    }

    [Fact]
    public void An_access_port_speaks_untagged_and_a_trunk_tagged()
    {
        var access = _fabric.AddPort("access", SwitchPortMode.Access(Vlan10));
        var trunk = _fabric.AddPort("trunk");
        List<byte[]> seen = [];
        _fabric.Tap = (_, frame) => seen.Add(frame.ToArray());

        access.TrySend(Make(MacB, MacA, VlanId.None, "in"u8));
        Assert.Equal((MacB, MacA, Vlan10), Addresses(TryTake(trunk)));
        trunk.TrySend(Make(MacA, MacB, Vlan10, "out"u8));
        Assert.Equal((MacA, MacB, VlanId.None), Addresses(TryTake(access)));
        Assert.Equal([EthernetHeader.UntaggedBytes + 2, EthernetHeader.TaggedBytes + 3], seen.Select(f => f.Length));
    }

    [Fact]
    public void What_a_port_may_not_carry_is_dropped_by_name()
    {
        var access = _fabric.AddPort("access", SwitchPortMode.Access(Vlan10));
        var trunk = _fabric.AddPort("trunk", SwitchPortMode.Trunk(Vlan10, Vlan20));
        access.TrySend(Make(MacB, MacA, Vlan20, "x"u8));
        access.TrySend([1, 2, 3]);
        trunk.TrySend(Make(MacB, MacA, VlanId.None, "x"u8));
        trunk.TrySend(Make(MacB, MacA, new VlanId(30), "x"u8));
        trunk.TrySend(Make(MacB, MacAddress.Broadcast, Vlan10, "x"u8));
        trunk.TrySend(Make(MacB, MacA, Vlan20, "nobody else is in 20"u8));
        Assert.Null(TryTake(access));
        Assert.Null(TryTake(trunk));
        Assert.Equal(
            new Dictionary<SwitchDropReason, long> { [SwitchDropReason.WrongVlan] = 1, [SwitchDropReason.Malformed] = 1 }, Drops(access));
        Assert.Equal(
            new Dictionary<SwitchDropReason, long>
            {
                [SwitchDropReason.Untagged] = 1,
                [SwitchDropReason.WrongVlan] = 1,
                [SwitchDropReason.InvalidSource] = 1,
                [SwitchDropReason.NoReceiver] = 1,
            },
            Drops(trunk));
    }

    [Fact]
    public void A_frame_to_its_own_port_does_not_come_back()
    {
        var a = _fabric.AddPort("a");
        var b = _fabric.AddPort("b");
        a.TrySend(Make(MacC, MacA, Vlan10, "1"u8));
        a.TrySend(Make(MacA, MacB, Vlan10, "2"u8));
        Drain(b);
        Assert.Null(TryTake(a));
        Assert.Equal(1, Drops(a)[SwitchDropReason.SameSegment]);
    }

    [Fact]
    public void A_frame_too_long_for_the_way_out_is_dropped_there()
    {
        var jumbo = _fabric.AddPort("jumbo", mtuBytes: 9000);
        var small = _fabric.AddPort("small");
        var large = _fabric.AddPort("large", mtuBytes: 9000);
        jumbo.TrySend(Make(MacB, MacA, Vlan10, Payload(9000)));
        Assert.Null(TryTake(small));
        Assert.Equal(Payload(9000), TryTake(large)?.Payload);
        Assert.Equal(1, Drops(small)[SwitchDropReason.TooLong]);
    }

    [Fact]
    public void A_queue_that_nobody_empties_is_bounded()
    {
        var a = _fabric.AddPort("a");
        var b = _fabric.AddPort("b");
        for (var i = 0; i < EthernetLimits.SwitchQueueFramesMax + 5; i++)
        {
            a.TrySend(Make(MacB, MacA, Vlan10, [(byte)i]));
        }

        Assert.Equal(5, Drops(b)[SwitchDropReason.QueueFull]);
        for (var i = 0; i < EthernetLimits.SwitchQueueFramesMax; i++)
        {
            Assert.Equal((byte)i, TryTake(b)!.Payload[0]);
        }

        Assert.Null(TryTake(b));
    }

    [Fact]
    public void More_addresses_than_the_table_holds_are_flooded_and_the_old_ones_still_known()
    {
        var a = _fabric.AddPort("a");
        var b = _fabric.AddPort("b");
        var c = _fabric.AddPort("c");
        a.TrySend(Make(MacC, MacA, Vlan10, "first"u8));
        Drain(b, c);
        for (var i = 0; i < EthernetLimits.LearnedAddressesMax; i++)
        {
            b.TrySend(Make(MacC, new MacAddress(0x0200_0001_0000 + (ulong)i), Vlan10, "x"u8));
            Drain(a, c);
        }

        Assert.Equal(EthernetLimits.LearnedAddressesMax, _fabric.Switch.Snapshot().LearnedAddresses);
        c.TrySend(Make(MacA, MacC, Vlan10, "known"u8));
        Assert.NotNull(TryTake(a));
        Assert.Null(TryTake(b));
        c.TrySend(Make(new MacAddress(0x0200_0001_0000 + EthernetLimits.LearnedAddressesMax - 1), MacC, Vlan10, "not known"u8));
        Assert.NotNull(TryTake(a));
        Assert.NotNull(TryTake(b));
    }

    [Fact]
    public void Counts_tell_frames_and_bytes_each_way()
    {
        var a = _fabric.AddPort("a");
        var b = _fabric.AddPort("b", SwitchPortMode.Access(Vlan10));
        a.TrySend(Make(MacB, MacA, Vlan10, Payload(100)));
        Drain(b);
        var (snapshotA, snapshotB) = (Port(a), Port(b));
        Assert.Equal((1, 118, 0, 0), (snapshotA.FramesIn, snapshotA.BytesIn, snapshotA.FramesOut, snapshotA.BytesOut));
        Assert.Equal((0, 0, 1, 114, 1), (snapshotB.FramesIn, snapshotB.BytesIn, snapshotB.FramesOut, snapshotB.BytesOut, snapshotB.FramesFlooded));
        Assert.Equal(("trunk all", "access 10"), (snapshotA.Mode, snapshotB.Mode));
    }

    [Fact]
    public void Another_EtherType_does_not_come_out_of_a_port()
    {
        var a = _fabric.AddPort("a");
        var b = _fabric.AddPort("b");
        a.TrySend(Make(MacB, MacA, Vlan10, "x"u8, etherType: 0x0800));
        a.TrySend(Make(MacB, MacA, Vlan10, "y"u8));
        Assert.Equal("y"u8.ToArray(), TryTake(b)?.Payload);
        Assert.Null(TryTake(b));
    }

    [Fact]
    public void Any_bytes_are_forwarded_or_refused() =>
        Gen.Byte.Array[0, 100].Array[0, 20].Sample(frames =>
        {
            var fabric = new MemorySwitch(new SeededRandom(2));
            var (a, b) = (fabric.AddPort("a"), fabric.AddPort("b", SwitchPortMode.Access(Vlan10), mtuBytes: 40));
            foreach (var frame in frames)
            {
                Assert.True(a.TrySend(frame));
                Assert.True(b.TrySend(frame));
            }

            Drain(a, b);
            Assert.Equal(frames.Length, fabric.Switch.Snapshot().Ports[0].FramesIn);
        });

    [Fact]
    public void Forwarding_allocates_nothing()
    {
        var a = _fabric.AddPort("a");
        var b = _fabric.AddPort("b");
        Assert.Equal(0, AllocationsPerFrame.Measure(a, b, Make(MacB, MacA, Vlan10, Payload(1000))));
    }

    private static (MacAddress Destination, MacAddress Source, VlanId Vlan) Addresses(TestFrame? frame)
    {
        Assert.NotNull(frame);
        return (frame.Destination, frame.Source, frame.Vlan);
    }

    private static void Drain(params MemoryPort[] ports)
    {
        foreach (var port in ports)
        {
            while (TryTake(port) is not null)
            {
            }
        }
    }

    private SwitchPortSnapshot Port(MemoryPort port) => _fabric.Switch.Snapshot().Ports[port.Number];

    private IReadOnlyDictionary<SwitchDropReason, long> Drops(MemoryPort port) => Port(port).Drops;
}
