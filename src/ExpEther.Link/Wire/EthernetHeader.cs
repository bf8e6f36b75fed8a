using System.Buffers.Binary;
using ExpEther.Link.Ethernet;

namespace ExpEther.Link.Wire;

/// <summary>Destination, source, 802.1Q tag and EtherType, in network order (IEEE 802.3 §3.2, 802.1Q §9.6).</summary>
public static class EthernetHeader
{
    public const ushort TagProtocol = 0x8100;
    public const int TaggedBytes = 18;
    public const int UntaggedBytes = 14;

    public static int Bytes(VlanId vlan) => vlan == VlanId.None ? UntaggedBytes : TaggedBytes;

    /// <returns>Bytes written: 18, or 14 without a VLAN.</returns>
    public static int Write(Span<byte> into, MacAddress destination, MacAddress source, VlanId vlan, ushort etherType)
    {
        destination.Write(into);
        source.Write(into[MacAddress.Bytes..]);
        if (vlan == VlanId.None)
        {
            BinaryPrimitives.WriteUInt16BigEndian(into[12..], etherType);
            return UntaggedBytes;
        }

        BinaryPrimitives.WriteUInt16BigEndian(into[12..], TagProtocol);
        BinaryPrimitives.WriteUInt16BigEndian(into[14..], vlan.Value);
        BinaryPrimitives.WriteUInt16BigEndian(into[16..], etherType);
        return TaggedBytes;
    }
}
