using System.Net;
using ExpEther.Core.Time;
using ExpEther.Ethernet.Frames;
using ExpEther.Ethernet.Ports;
using ExpEther.Ethernet.Tests.Lab;
using ExpEther.Link.Ethernet;
using ExpEther.Linux.Sockets;
using static ExpEther.Ethernet.Tests.Lab.TestFrames;

namespace ExpEther.Ethernet.Tests.Ports;

public class UdpPortTests
{
    private static readonly IPEndPoint AnyFree = new(IPAddress.Loopback, 0);

    public UdpPortTests() => NetworkLab.RequireLoopback();

    [Fact]
    public void Frames_go_both_ways_between_a_port_with_a_peer_and_one_without()
    {
        using var box = new UdpPort(AnyFree);
        using var host = new UdpPort(AnyFree, [box.Local]);
        var payload = Payload(UdpPort.DefaultMtuBytes);
        Assert.True(host.TrySend(Make(MacB, MacA, Vlan10, payload)));
        var frame = Next(box)!;
        Assert.Equal((MacB, MacA, Vlan10), (frame.Destination, frame.Source, frame.Vlan));
        Assert.Equal(payload, frame.Payload);

        Assert.True(box.TrySend(Make(MacA, MacB, Vlan10, "back"u8)));
        Assert.Equal("back"u8.ToArray(), Next(host)?.Payload);
    }

    [Fact]
    public void A_datagram_is_the_whole_tagged_frame_as_PacketDotNet_reads_it()
    {
        using var listener = new DatagramSocket(AnyFree);
        using var port = new UdpPort(AnyFree, [listener.Local]);
        var payload = Payload(77);
        Assert.True(port.TrySend(Make(MacAddress.Broadcast, MacA, Vlan20, payload)));

        var poller = new Linux.Polling.Poller();
        poller.Add(listener.FileDescriptor, Linux.Polling.PollEvents.Readable);
        poller.Wait(TimeSpan.FromSeconds(10));
        var buffer = new byte[2000];
        Assert.True(listener.TryReceive(buffer, out var bytes, out _));

        var packet = (PacketDotNet.EthernetPacket)PacketDotNet.Packet.ParsePacket(PacketDotNet.LinkLayers.Ethernet, buffer[..bytes]);
        Assert.Equal("FFFFFFFFFFFF", packet.DestinationHardwareAddress.ToString());
        Assert.Equal("02000000000A", packet.SourceHardwareAddress.ToString());
        var tag = Assert.IsType<PacketDotNet.Ieee8021QPacket>(packet.PayloadPacket);
        Assert.Equal(20, tag.VlanIdentifier);
        Assert.Equal(EthernetHeader.ExpEtherType, (ushort)tag.Type);
        Assert.Equal(payload, tag.PayloadDataSegment?.ActualBytes() ?? tag.PayloadData);
    }

    [Fact]
    public void Without_proof_an_address_moves_only_when_it_has_been_silent_where_it_was()
    {
        var now = Instant.Zero + TimeSpan.FromSeconds(10);
        using var hub = new UdpPort(AnyFree, clock: () => now);
        using var first = new UdpPort(AnyFree, [hub.Local]);
        using var second = new UdpPort(AnyFree, [hub.Local]);
        for (var i = 0; i < 10; i++)
        {
            first.TrySend(Make(MacB, MacA, Vlan10, "alive"u8));
            second.TrySend(Make(MacB, MacA, Vlan10, "forged"u8));
            Assert.NotNull(Next(hub));
            Assert.NotNull(Next(hub));
            hub.TrySend(Make(MacA, MacB, Vlan10, "to the first"u8));
            Assert.Equal("to the first"u8.ToArray(), Next(first)?.Payload);
            now += EthernetLimits.UdpCandidateHold / 2;
        }

        Assert.Null(TryTake(second));
        Assert.Equal((0, 10), (hub.Counters.EndpointMoves, hub.Counters.EndpointMovesRefused));

        now += EthernetLimits.UdpCandidateHold;
        second.TrySend(Make(MacB, MacA, Vlan10, "moved"u8));
        Assert.NotNull(Next(hub));
        hub.TrySend(Make(MacA, MacB, Vlan10, "to the second"u8));
        Assert.Equal("to the second"u8.ToArray(), Next(second)?.Payload);
        Assert.Null(TryTake(first));
    }

    [Fact]
    public void Broadcast_and_unknown_destinations_reach_every_peer_and_known_ones_only_theirs()
    {
        using var one = new UdpPort(AnyFree);
        using var two = new UdpPort(AnyFree);
        using var port = new UdpPort(AnyFree, [one.Local, two.Local]);
        foreach (var destination in new[] { MacAddress.Broadcast, MacB })
        {
            port.TrySend(Make(destination, MacA, Vlan10, Payload(50)));
            Assert.Equal(destination, Next(one)?.Destination);
            Assert.Equal(destination, Next(two)?.Destination);
        }

        one.TrySend(Make(MacA, MacB, Vlan10, Payload(50)));
        Assert.NotNull(Next(port));
        port.TrySend(Make(MacB, MacA, Vlan10, "only one"u8));
        Assert.Equal("only one"u8.ToArray(), Next(one)?.Payload);
        Assert.Null(TryTake(two));
    }

    [Fact]
    public void A_port_without_peers_floods_to_who_spoke_to_it()
    {
        using var hub = new UdpPort(AnyFree);
        Assert.True(hub.TrySend(Make(MacAddress.Broadcast, MacC, Vlan10, "nobody yet"u8)));
        using var one = new UdpPort(AnyFree, [hub.Local]);
        using var two = new UdpPort(AnyFree, [hub.Local]);
        one.TrySend(Make(MacC, MacA, Vlan10, "a"u8));
        two.TrySend(Make(MacC, MacB, Vlan10, "b"u8));
        Assert.NotNull(Next(hub));
        Assert.NotNull(Next(hub));
        hub.TrySend(Make(MacAddress.Broadcast, MacC, Vlan10, "all"u8));
        Assert.Equal("all"u8.ToArray(), Next(one)?.Payload);
        Assert.Equal("all"u8.ToArray(), Next(two)?.Payload);
    }

    [Fact]
    public void Datagrams_that_are_no_frames_of_ours_are_refused_and_counted()
    {
        using var port = new UdpPort(AnyFree, mtuBytes: 100);
        using var sender = new DatagramSocket(AnyFree);
        var to = UdpAddress.Of(port.Local);
        byte[][] refused =
        [
            [],
            [1, 2, 3],
            Make(MacB, MacA, Vlan10, default)[..15],
            Make(MacB, MacA, Vlan10, Payload(50), etherType: 0x0800),
            Make(MacB, MacA, new VlanId(4095), Payload(50)),
            Make(MacB, MacA, Vlan10, Payload(101)),
            Make(MacB, MacA, Vlan10, Payload(5000)),
        ];
        foreach (var datagram in refused)
        {
            Assert.Equal(SendStatus.Sent, sender.TrySend(datagram, to));
        }

        sender.TrySend(Make(MacB, MacA, Vlan10, Payload(100)), to);
        Assert.Equal(Payload(100), Next(port)?.Payload);
        Assert.Equal((refused.Length, 1), (port.Counters.ReceiveRefused, port.Counters.FramesReceived));
    }

    [Fact]
    public void Frames_of_MTU_9000_pass()
    {
        using var box = new UdpPort(AnyFree, mtuBytes: 9000);
        using var host = new UdpPort(AnyFree, [box.Local], mtuBytes: 9000);
        Assert.True(host.TrySend(Make(MacB, MacA, Vlan10, Payload(9000))));
        Assert.Equal(Payload(9000), Next(box)?.Payload);
    }

    [Theory]
    [InlineData("127.0.0.1", 1434 + 20)]
    [InlineData("::1", 1434)]
    public void Nothing_is_fragmented(string address, int longest) => NetworkLab.Run(lab =>
    {
        // What passes a path of MTU 1500: less the IP header, UDP's and the frame's own. A port does not fragment, it loses.
        lab.Ip("link", "set", "lo", "mtu", "1500", "up");
        using var box = new UdpPort(new IPEndPoint(IPAddress.Parse(address), 0));
        using var host = new UdpPort(new IPEndPoint(IPAddress.Parse(address), 0), [box.Local]);
        Assert.True(host.TrySend(Make(MacB, MacA, Vlan10, Payload(longest + 1))));
        Assert.Equal((0, 1), (host.Counters.FramesSent, host.Counters.SendLost));

        Assert.True(host.TrySend(Make(MacB, MacA, Vlan10, Payload(longest))));
        Assert.Equal(Payload(longest), Next(box)?.Payload);
    });

    [Fact]
    public void A_taken_endpoint_and_a_peer_of_another_family_are_named()
    {
        using var first = new UdpPort(AnyFree);
        var taken = Assert.Throws<PortException>(() => new UdpPort(first.Local));
        Assert.Contains(first.Local.ToString(), taken.Message, StringComparison.Ordinal);
        var foreign = Assert.Throws<PortException>(() => new UdpPort(AnyFree, [new IPEndPoint(IPAddress.IPv6Loopback, 5)]));
        Assert.Contains("[::1]:5", foreign.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void More_source_addresses_than_it_remembers_do_not_stop_it()
    {
        using var port = new UdpPort(AnyFree);
        using var peer = new UdpPort(AnyFree, [port.Local]);
        for (var i = 0; i < EthernetLimits.UdpLearnedMacsMax + 10; i++)
        {
            peer.TrySend(Make(MacC, new MacAddress(0x0200_0000_1000 + (ulong)i), Vlan10, "x"u8));
            Assert.NotNull(Next(port));
        }

        peer.TrySend(Make(MacC, MacA, Vlan10, "x"u8));
        Assert.NotNull(Next(port));
        port.TrySend(Make(MacA, MacC, Vlan10, "still"u8));
        Assert.Equal("still"u8.ToArray(), Next(peer)?.Payload);
    }

    [Fact]
    public void Other_peers_get_the_broadcasts_after_a_change()
    {
        using var first = new UdpPort(AnyFree);
        using var second = new UdpPort(AnyFree);
        using var hub = new UdpPort(AnyFree, [first.Local]);

        hub.ChangePeers([second.Local]);
        Assert.True(hub.TrySend(Make(MacAddress.Broadcast, MacC, Vlan10, "after"u8)));

        Assert.Equal(MacC, Next(second)?.Source);
        Assert.Null(TryTake(first));
        Assert.Throws<PortException>(() => hub.ChangePeers([new IPEndPoint(IPAddress.IPv6Loopback, 1)]));
    }

    [Fact]
    public void Sending_and_receiving_allocate_nothing()
    {
        using var box = new UdpPort(AnyFree);
        using var host = new UdpPort(AnyFree, [box.Local]);
        Assert.Equal(0, AllocationsPerFrame.Measure(host, box, Make(MacB, MacA, Vlan10, Payload(1000))));
    }
}
