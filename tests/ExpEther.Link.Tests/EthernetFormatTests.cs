using System.Net.NetworkInformation;
using ExpEther.Link.Ethernet;
using ExpEther.Link.Tests.Network;
using PacketDotNet;

namespace ExpEther.Link.Tests;

/// <summary>What the links put on the wire, read by someone else's decoder.</summary>
public class EthernetFormatTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Frames_are_tagged_Ethernet_as_the_document_says(bool isSealed)
    {
        List<byte[]> frames = [];
        var pair = new LinkPair(51, NetworkFaults.None, isSealed);
        pair.Network.Tap = frames.Add;
        pair.Up();
        new Traffic(pair.Initiator, 1).Send(50);
        new Traffic(pair.Responder, 2).Send(50);
        pair.Run(TimeSpan.FromSeconds(1));
        pair.Initiator.Link.Close(LinkDownReason.Closed, pair.Now);
        pair.Run(TimeSpan.FromMilliseconds(1));

        HashSet<byte> types = [];
        foreach (var frame in frames)
        {
            var ethernet = (EthernetPacket)Packet.ParsePacket(LinkLayers.Ethernet, frame);
            Assert.Equal(EthernetType.VLanTaggedFrame, ethernet.Type);
            string[] macs = [.. new[] { ethernet.SourceHardwareAddress, ethernet.DestinationHardwareAddress }.Select(m => m.ToString()).Order()];
            Assert.Equal([PhysicalAddress.Parse("020000000001").ToString(), PhysicalAddress.Parse("020000000002").ToString()], macs);
            var tag = ethernet.Extract<Ieee8021QPacket>();
            Assert.Equal(10, tag.VlanIdentifier);
            Assert.False(tag.CanonicalFormatIndicator);
            Assert.Equal(0x88B5, (int)tag.Type);
            var payload = tag.PayloadData;
            Assert.Equal(2, payload[0]);
            types.Add(payload[1]);
            Assert.Equal(payload.Length, payload[4] | (payload[5] << 8));
            Assert.Equal(isSealed ? 1 : 0, payload[2] & 1);
        }

        Assert.Equal(new byte[] { 0, 1, 2, 4, 6, 7 }, types.Order().ToArray());
    }

    [Fact]
    public void Without_a_VLAN_there_is_no_tag()
    {
        var pair = new LinkPair(52, NetworkFaults.None, adjust: o => o with { Vlan = VlanId.None });
        var frame = new byte[1518];
        pair.Initiator.Link.Open(pair.Now);
        Assert.True(pair.Initiator.Link.TryTakeFrame(pair.Now, frame, out var written));
        var ethernet = (EthernetPacket)Packet.ParsePacket(LinkLayers.Ethernet, frame[..written]);
        Assert.Equal(0x88B5, (int)ethernet.Type);
    }
}
