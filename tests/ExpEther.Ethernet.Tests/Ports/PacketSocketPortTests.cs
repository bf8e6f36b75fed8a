using ExpEther.Ethernet.Frames;
using ExpEther.Ethernet.Ports;
using ExpEther.Ethernet.Tests.Lab;
using ExpEther.Link.Ethernet;
using ExpEther.Linux.Polling;
using static ExpEther.Ethernet.Tests.Lab.TestFrames;

namespace ExpEther.Ethernet.Tests.Ports;

public class PacketSocketPortTests
{
    [Theory]
    [InlineData(10, 1500, 46)]
    [InlineData(4094, 1500, 1500)]
    [InlineData(0, 1500, 100)]
    [InlineData(10, 9000, 9000)]
    public void Frames_cross_a_real_cable_both_ways_with_their_tag(ushort vid, int mtuBytes, int payloadBytes) => NetworkLab.Run(lab =>
    {
        lab.Cable("left", "right", mtuBytes);
        using var left = new PacketSocketPort("left", [MacA]);
        using var right = new PacketSocketPort("right", [MacB]);
        Assert.Equal(mtuBytes, left.MtuBytes);
        var vlan = new VlanId(vid);

        var payload = Payload(payloadBytes);
        Assert.True(left.TrySend(Make(MacB, MacA, vlan, payload)));
        AssertFrame(Next(right), MacB, MacA, vlan, payload);

        var answer = Payload(payloadBytes, seed: 2);
        Assert.True(right.TrySend(Make(MacA, MacB, vlan, answer)));
        AssertFrame(Next(left), MacA, MacB, vlan, answer);
        Assert.Equal((1, 1), (left.Counters.FramesSent, left.Counters.FramesReceived));
        Assert.Equal(left.Counters.BytesSent, right.Counters.BytesReceived);
    });

    [Fact]
    public void Frames_built_by_PacketDotNet_are_understood() => NetworkLab.Run(lab =>
    {
        lab.Cable("left", "right");
        using var left = new PacketSocketPort("left", [MacA]);
        using var right = new PacketSocketPort("right", [MacB]);
        var payload = Payload(64);
        var packet = new PacketDotNet.EthernetPacket(
            new System.Net.NetworkInformation.PhysicalAddress([2, 0, 0, 0, 0, 0xA]),
            new System.Net.NetworkInformation.PhysicalAddress([2, 0, 0, 0, 0, 0xB]),
            PacketDotNet.EthernetType.VLanTaggedFrame);
        var tag = new PacketDotNet.Ieee8021QPacket(new PacketDotNet.Utils.ByteArraySegment(new byte[4]))
        {
            VlanIdentifier = 123,
            Type = (PacketDotNet.EthernetType)EthernetHeader.ExpEtherType,
            PayloadData = payload,
        };
        packet.PayloadPacket = tag;
        Assert.True(left.TrySend(packet.Bytes));
        AssertFrame(Next(right), MacB, MacA, new VlanId(123), payload);
    });

    [Fact]
    public void A_burst_arrives_whole_and_in_order_past_the_end_of_the_ring() => NetworkLab.Run(lab =>
    {
        lab.Cable("left", "right");
        using var left = new PacketSocketPort("left", [MacA]);
        using var right = new PacketSocketPort("right", [MacB]);
        for (var i = 0; i < 10_000; i++)
        {
            var payload = Payload(60, seed: i + 1);
            Assert.True(left.TrySend(Make(MacB, MacA, Vlan10, payload)));
            AssertFrame(Next(right), MacB, MacA, Vlan10, payload);
        }
    });

    [Fact]
    public void One_socket_serves_several_addresses_and_broadcast_and_no_other() => NetworkLab.Run(lab =>
    {
        lab.Cable("left", "right");
        using var left = new PacketSocketPort("left", [MacA]);
        using var right = new PacketSocketPort("right", [MacB, MacC]);
        var stranger = new MacAddress(0x02_00_00_00_00_0D);
        foreach (var destination in new[] { stranger, MacB, MacA, MacC, MacAddress.Broadcast })
        {
            Assert.True(left.TrySend(Make(destination, MacA, Vlan10, Payload(46))));
        }

        Assert.Equal(MacB, Next(right)?.Destination);
        Assert.Equal(MacC, Next(right)?.Destination);
        Assert.Equal(MacAddress.Broadcast, Next(right)?.Destination);
        Assert.Null(TryTake(right));
        Assert.Null(TryTake(left));
    });

    [Fact]
    public void A_port_without_addresses_sees_every_frame_of_its_EtherType() => NetworkLab.Run(lab =>
    {
        lab.Cable("left", "right");
        using var left = new PacketSocketPort("left", [MacA]);
        using var right = new PacketSocketPort("right");
        Assert.True(left.TrySend(Make(MacC, MacA, Vlan10, Payload(46), etherType: 0x88B6)));
        Assert.True(left.TrySend(Make(MacC, MacA, Vlan20, Payload(46))));
        Assert.Equal(Vlan20, Next(right)?.Vlan);
        Assert.Null(TryTake(right));
    });

    [Fact]
    public void Only_listed_VLANs_come_in() => NetworkLab.Run(lab =>
    {
        lab.Cable("left", "right");
        using var left = new PacketSocketPort("left", [MacA]);
        using var tagged = new PacketSocketPort("right", [MacB], [Vlan10, Vlan20]);
        using var untagged = new PacketSocketPort("right", [MacB], [VlanId.None]);
        foreach (var vid in new ushort[] { 30, 20, 0, 11, 10 })
        {
            Assert.True(left.TrySend(Make(MacB, MacA, new VlanId(vid), Payload(46))));
        }

        Assert.Equal(Vlan20, Next(tagged)?.Vlan);
        Assert.Equal(Vlan10, Next(tagged)?.Vlan);
        Assert.Null(TryTake(tagged));
        Assert.Equal(VlanId.None, Next(untagged)?.Vlan);
        Assert.Null(TryTake(untagged));
    });

    [Fact]
    public void Other_addresses_and_VLANs_come_in_after_a_change_and_those_that_stay_lose_nothing() => NetworkLab.Run(lab =>
    {
        lab.Cable("left", "right");
        using var left = new PacketSocketPort("left", [MacA]);
        using var right = new PacketSocketPort("right", [MacB], [Vlan10]);
        Assert.True(left.TrySend(Make(MacB, MacA, Vlan10, "before"u8)));
        Assert.True(left.TrySend(Make(MacC, MacA, Vlan10, "refused"u8)));

        right.ChangeReception([MacB, MacC], [Vlan10, Vlan20]);
        Assert.True(left.TrySend(Make(MacC, MacA, Vlan20, "new"u8)));
        AssertFrame(Next(right), MacB, MacA, Vlan10, [.. "before"u8]);
        AssertFrame(Next(right), MacC, MacA, Vlan20, [.. "new"u8]);

        right.ChangeReception([MacC], [Vlan20]);
        Assert.True(left.TrySend(Make(MacB, MacA, Vlan10, "refused"u8)));
        Assert.True(left.TrySend(Make(MacC, MacA, Vlan20, "last"u8)));
        AssertFrame(Next(right), MacC, MacA, Vlan20, [.. "last"u8]);
        Assert.Null(TryTake(right));
    });

    [Fact]
    public void An_interface_that_goes_down_loses_frames_and_comes_back() => NetworkLab.Run(lab =>
    {
        lab.Cable("left", "right");
        using var left = new PacketSocketPort("left", [MacA]);
        using var right = new PacketSocketPort("right", [MacB]);
        var poller = new Poller();
        poller.Add(left.PollFileDescriptor, PollEvents.Readable);
        WaitUntilUp(left);

        lab.Ip("link", "set", "left", "down");
        Assert.Equal(1, poller.Wait(TimeSpan.FromSeconds(10)));
        Assert.True(poller.Ready(left.PollFileDescriptor).HasFlag(PollEvents.Error));
        Assert.Null(TryTake(left));
        Assert.True(left.TrySend(Make(MacB, MacA, Vlan10, Payload(46))));
        Assert.Equal(1, left.Counters.SendLost);
        Assert.True(left.Refresh());
        Assert.False(left.IsUp);
        Assert.Equal(1, left.Counters.WentDown);
        Assert.Equal(0, poller.Wait(TimeSpan.Zero));

        lab.Ip("link", "set", "left", "up");
        WaitUntilUp(left);
        Assert.True(right.TrySend(Make(MacA, MacB, Vlan10, Payload(46))));
        Assert.Equal(MacB, Next(left)?.Source);
    });

    [Fact]
    public void An_interface_that_vanishes_is_reported_and_nothing_throws() => NetworkLab.Run(lab =>
    {
        lab.Cable("left", "right");
        using var left = new PacketSocketPort("left", [MacA]);
        WaitUntilUp(left);
        lab.Ip("link", "del", "left");
        Assert.True(left.Refresh());
        Assert.False(left.IsUp);
        Assert.Null(TryTake(left));
        Assert.True(left.TrySend(Make(MacB, MacA, Vlan10, Payload(46))));
        Assert.Equal(1, left.Counters.SendLost);
        Assert.False(left.Refresh());
    });

    [Fact]
    public void Frames_cross_the_loopback_interface_whose_MTU_is_longer_than_a_link_can_say() => NetworkLab.Run(lab =>
    {
        lab.Ip("link", "set", "lo", "up");
        using var one = new PacketSocketPort("lo", [MacA]);
        using var other = new PacketSocketPort("lo", [MacB]);
        Assert.Equal(EthernetLimits.MtuBytesMax, one.MtuBytes);

        var payload = Payload(9000);
        Assert.True(one.TrySend(Make(MacB, MacA, Vlan10, payload)));
        AssertFrame(Next(other), MacB, MacA, Vlan10, payload);
        Assert.Null(TryTake(one));
    });

    [Fact]
    public void Frames_that_find_the_ring_full_are_counted() => NetworkLab.Run(lab =>
    {
        lab.Cable("left", "right");
        using var left = new PacketSocketPort("left", [MacA]);
        using var right = new PacketSocketPort("right", [MacB]);
        using var witness = new PacketSocketPort("right", [MacB]);
        const int Sent = 6000;
        for (var i = 0; i < Sent; i++)
        {
            // The kernel's backlog before the rings has a limit too, and a busy machine reaches it: the next frame leaves when this one has come.
            Assert.True(left.TrySend(Make(MacB, MacA, Vlan10, Payload(46))));
            Assert.NotNull(Next(witness));
        }

        var received = 0;
        while (TryTake(right) is not null)
        {
            received++;
        }

        // The witness has the last frame; the other socket is given it in the same pass of the kernel, a moment later perhaps.
        SpinWait.SpinUntil(() => right.Refresh() || received + right.Counters.ReceiveOverruns >= Sent, TimeSpan.FromSeconds(10));
        Assert.True(right.Counters.ReceiveOverruns > 0);
        Assert.Equal(Sent, received + right.Counters.ReceiveOverruns);
    });

    [Fact]
    public void A_frame_longer_than_the_MTU_is_lost_and_counted() => NetworkLab.Run(lab =>
    {
        lab.Cable("left", "right");
        using var left = new PacketSocketPort("left", [MacA]);
        Assert.True(left.TrySend(Make(MacB, MacA, Vlan10, Payload(1600))));
        Assert.Equal((0, 1), (left.Counters.FramesSent, left.Counters.SendLost));
    });

    [Fact]
    public void A_frame_that_the_other_end_never_takes_is_lost_and_those_behind_it_go() => NetworkLab.Run(lab =>
    {
        lab.Cable("left", "right", mtuBytes: 9000);
        lab.Ip("link", "set", "right", "mtu", "1500");
        using var left = new PacketSocketPort("left", [MacA]);
        using var right = new PacketSocketPort("right", [MacB]);
        WaitUntilUp(left);
        WaitUntilUp(right);
        var longest = Make(MacB, MacA, Vlan10, Payload(9000));
        while (!left.TrySend(longest))
        {
            // As an owner does: the same frame again, until it is gone or lost.
        }

        Assert.True(left.TrySend(Make(MacB, MacA, Vlan10, Payload(1500))));
        Assert.Equal(Payload(1500), Next(right)?.Payload);
        Assert.Null(TryTake(right));
    });

    [Fact]
    public void A_wrong_name_is_answered_with_those_that_exist() => NetworkLab.Run(lab =>
    {
        lab.Cable("left", "right");
        var refused = Assert.Throws<PortException>(() => new PacketSocketPort("middle", [MacA]));
        Assert.Contains("'middle'", refused.Message, StringComparison.Ordinal);
        Assert.Contains("left, lo, right", refused.Message, StringComparison.Ordinal);
    });

    [Fact]
    public void Without_the_capability_the_message_names_it_and_the_UDP_way() => NetworkLab.Run(lab =>
    {
        lab.LoseRawSockets();
        var refused = Assert.Throws<PortException>(() => new PacketSocketPort("lo", [MacA]));
        Assert.Contains("CAP_NET_RAW", refused.Message, StringComparison.Ordinal);
        Assert.Contains("setcap cap_net_raw+ep", refused.Message, StringComparison.Ordinal);
        Assert.Contains("unshare -Urn", refused.Message, StringComparison.Ordinal);
        Assert.Contains("UDP", refused.Message, StringComparison.Ordinal);
    });

    [Fact]
    public void Sending_and_receiving_allocate_nothing() => NetworkLab.Run(lab =>
    {
        lab.Cable("left", "right");
        using var left = new PacketSocketPort("left", [MacA]);
        using var right = new PacketSocketPort("right", [MacB]);
        var frame = Make(MacB, MacA, Vlan10, Payload(1000));
        Assert.Equal(0, AllocationsPerFrame.Measure(left, right, frame));
    });

    /// <summary>The kernel notices a carrier a little after the interface is set up.</summary>
    private static void WaitUntilUp(PacketSocketPort port)
    {
        for (var looks = 0; looks < 1_000_000 && !port.IsUp; looks++)
        {
            port.Refresh();
        }

        Assert.True(port.IsUp);
    }

    private static void AssertFrame(TestFrame? frame, MacAddress destination, MacAddress source, VlanId vlan, byte[] payload)
    {
        Assert.NotNull(frame);
        Assert.Equal((destination, source, vlan), (frame.Destination, frame.Source, frame.Vlan));
        Assert.Equal(payload, frame.Payload);
    }
}
