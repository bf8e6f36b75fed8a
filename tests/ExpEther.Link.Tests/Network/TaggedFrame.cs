using System.Buffers.Binary;
using ExpEther.Link.Ethernet;

namespace ExpEther.Link.Tests.Network;

/// <summary>Takes a whole tagged frame apart as a port does.</summary>
public static class TaggedFrame
{
    public static ReceivedFrame Read(ReadOnlySpan<byte> bytes)
    {
        var vlan = BinaryPrimitives.ReadUInt16BigEndian(bytes[14..]);
        return new ReceivedFrame(MacAddress.Read(bytes), MacAddress.Read(bytes[6..]), new VlanId((ushort)(vlan & 0xFFF)), bytes[18..]);
    }
}
