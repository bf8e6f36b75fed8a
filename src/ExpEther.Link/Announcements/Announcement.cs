using System.Buffers.Binary;
using System.Text;
using ExpEther.Link.Ethernet;
using ExpEther.Link.Wire;

namespace ExpEther.Link.Announcements;

/// <summary>
/// What a host bridge broadcasts in its VLAN: "I am here". Not authenticated, so not trusted: it only tells an I/O bridge whom it
/// could open a link to, and an operator what is out there.
/// </summary>
/// <param name="Source">The bridge's MAC.</param>
/// <param name="Vlan">Its VLAN.</param>
/// <param name="Name">Its name, see <see cref="NodeName"/>.</param>
/// <param name="Features">What it can do.</param>
/// <param name="Slots">How many slots it has.</param>
/// <param name="WantsSeal">Whether it wants sealed links.</param>
public sealed record Announcement(MacAddress Source, VlanId Vlan, string Name, LinkFeatures Features, int Slots, bool WantsSeal)
{
    /// <summary>The longest announcement as a whole Ethernet frame.</summary>
    public const int BytesMax = EthernetHeader.TaggedBytes + AnnouncementLayout.Bytes + LinkLimits.NameBytesMax + Crc32C.Bytes;

    /// <summary>The version of the wire format that the bridge's links speak.</summary>
    public byte LinkVersion { get; init; } = FrameLayout.CurrentVersion;

    /// <summary>The low half of the bridge's incarnation, which is another one after every start (<see cref="Incarnations"/>); 0: not told.</summary>
    public uint Incarnation { get; init; }

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: false);

    /// <summary>Writes the whole Ethernet frame, to the broadcast address.</summary>
    /// <param name="into">At least <see cref="BytesMax"/>.</param>
    /// <param name="etherType">As the links' frames have it.</param>
    /// <returns>Bytes written.</returns>
    public int Write(Span<byte> into, ushort etherType = LinkLimits.EtherTypeDefault)
    {
        var nameBytes = Utf8.GetByteCount(Name);
        Check.That(nameBytes <= LinkLimits.NameBytesMax && Slots is >= 0 and <= ushort.MaxValue);
        var ethernet = EthernetHeader.Write(into, MacAddress.Broadcast, Source, Vlan, etherType);
        var length = AnnouncementLayout.Bytes + nameBytes + Crc32C.Bytes;
        var frame = into.Slice(ethernet, length);
        new FrameHeader { Type = FrameType.Announce, Length = (ushort)length, FrameNumber = LinkVersion, Epoch = Incarnation }.Write(frame);
        BinaryPrimitives.WriteUInt32LittleEndian(frame[AnnouncementLayout.Features..], (uint)Features);
        BinaryPrimitives.WriteUInt16LittleEndian(frame[AnnouncementLayout.Slots..], (ushort)Slots);
        frame[AnnouncementLayout.WantsSeal] = WantsSeal ? (byte)1 : (byte)0;
        frame[AnnouncementLayout.NameBytes] = (byte)nameBytes;
        Utf8.GetBytes(Name, frame[AnnouncementLayout.Bytes..]);
        BinaryPrimitives.WriteUInt32LittleEndian(frame[^Crc32C.Bytes..], Crc32C.Compute(frame[..^Crc32C.Bytes]));
        return ethernet + length;
    }

    /// <returns>Null: not an announcement, damaged, or with a name that no bridge may have (<see cref="NodeName"/>).</returns>
    public static Announcement? TryParse(in ReceivedFrame frame)
    {
        if (FrameHeader.TryParse(frame.Payload, out var header) != FrameError.None || header.Type != FrameType.Announce
            || header.Length < AnnouncementLayout.Bytes + Crc32C.Bytes)
        {
            return null;
        }

        var bytes = frame.Payload[..header.Length];
        int nameBytes = bytes[AnnouncementLayout.NameBytes];
        if (nameBytes > LinkLimits.NameBytesMax || bytes.Length != AnnouncementLayout.Bytes + nameBytes + Crc32C.Bytes
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes[^Crc32C.Bytes..]) != Crc32C.Compute(bytes[..^Crc32C.Bytes]))
        {
            return null;
        }

        if (NodeName.Read(bytes.Slice(AnnouncementLayout.Bytes, nameBytes)) is not { } name)
        {
            return null;
        }

        return new Announcement(
            frame.Source,
            frame.Vlan,
            name,
            (LinkFeatures)BinaryPrimitives.ReadUInt32LittleEndian(bytes[AnnouncementLayout.Features..]),
            BinaryPrimitives.ReadUInt16LittleEndian(bytes[AnnouncementLayout.Slots..]),
            bytes[AnnouncementLayout.WantsSeal] != 0)
        {
            // Bridges that spoke version 1 left the field 0.
            Incarnation = header.Epoch,
            LinkVersion = header.FrameNumber == 0 ? (byte)1 : (byte)Math.Min(header.FrameNumber, byte.MaxValue),
        };
    }
}
