using System.Buffers.Binary;
using ExpEther.Link.Ethernet;

namespace ExpEther.Ethernet.Frames;

/// <summary>The header of an Ethernet II frame with at most one 802.1Q tag (IEEE 802.3 §3.1.1, 802.1Q §9.6). No FCS.</summary>
/// <param name="Destination">Octets 0 to 5.</param>
/// <param name="Source">Octets 6 to 11.</param>
/// <param name="Vlan">The tag's VLAN ID; <see cref="VlanId.None"/> without a tag, or with a tag that carries only a priority (VID 0).</param>
/// <param name="EtherType">The type of the payload, after the tag.</param>
/// <param name="Bytes">How long the header is: 14 or 18.</param>
public readonly record struct EthernetHeader(MacAddress Destination, MacAddress Source, VlanId Vlan, ushort EtherType, int Bytes)
{
    public const ushort TagProtocol = 0x8100;

    /// <summary>ExpEther's EtherType unless configured otherwise: IEEE 802, local experimental 1.</summary>
    public const ushort ExpEtherType = 0x88B5;

    public const int UntaggedBytes = 14;

    public const int TagBytes = 4;

    public const int TaggedBytes = UntaggedBytes + TagBytes;

    private const int VidMask = 0xFFF;

    /// <summary>Reads the header. False: the frame is shorter than one.</summary>
    public static bool TryParse(ReadOnlySpan<byte> frame, out EthernetHeader header)
    {
        header = default;
        if (frame.Length < UntaggedBytes)
        {
            return false;
        }

        var destination = MacAddress.Read(frame);
        var source = MacAddress.Read(frame[6..]);
        var type = BinaryPrimitives.ReadUInt16BigEndian(frame[12..]);
        if (type != TagProtocol)
        {
            header = new EthernetHeader(destination, source, VlanId.None, type, UntaggedBytes);
            return true;
        }

        if (frame.Length < TaggedBytes)
        {
            return false;
        }

        var vid = (ushort)(BinaryPrimitives.ReadUInt16BigEndian(frame[14..]) & VidMask);
        header = new EthernetHeader(destination, source, new VlanId(vid), BinaryPrimitives.ReadUInt16BigEndian(frame[16..]), TaggedBytes);
        return true;
    }

    /// <summary>Writes a header with a tag, or without one for <see cref="VlanId.None"/>.</summary>
    /// <returns>How many bytes it took: 14 or 18.</returns>
    public static int Write(Span<byte> into, MacAddress destination, MacAddress source, VlanId vlan, ushort etherType)
    {
        destination.Write(into);
        source.Write(into[6..]);
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
