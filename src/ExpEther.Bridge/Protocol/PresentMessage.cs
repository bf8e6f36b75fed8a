using System.Buffers.Binary;
using System.Text;
using ExpEther.Link;

namespace ExpEther.Bridge.Protocol;

/// <summary>I/O bridge to host bridge: a function is there for this host. Put it into a free slot, or answer <see cref="RefusedMessage"/>.</summary>
/// <param name="Function">Its number on the link; TLPs carry it.</param>
/// <param name="Generation">Of this assignment; TLPs carry it.</param>
/// <param name="Name">As the I/O box's operator named it, see <see cref="NodeName"/>.</param>
/// <param name="VendorId">As in its configuration space.</param>
/// <param name="DeviceId">As in its configuration space.</param>
/// <param name="ClassCode">24 bits: base class, subclass, programming interface.</param>
/// <param name="Revision">As in its configuration space.</param>
public readonly record struct PresentMessage(
    ushort Function, ulong Generation, string Name, ushort VendorId, ushort DeviceId, int ClassCode, byte Revision)
{
    public const int NameBytesMax = 64;

    private const int NameOffset = ControlHeader.Bytes + 9;

    public const int BytesMax = NameOffset + NameBytesMax;

    public int Write(Span<byte> into)
    {
        new ControlHeader(ControlKind.Present, Function, Generation).Write(into);
        BinaryPrimitives.WriteUInt16LittleEndian(into[12..], VendorId);
        BinaryPrimitives.WriteUInt16LittleEndian(into[14..], DeviceId);
        BinaryPrimitives.WriteUInt32LittleEndian(into[16..], ((uint)Revision << 24) | ((uint)ClassCode & 0xFF_FFFF));
        var bytes = Encoding.UTF8.GetBytes(Name, into.Slice(NameOffset, NameBytesMax));
        into[20] = (byte)bytes;
        return NameOffset + bytes;
    }

    public static bool TryParse(ReadOnlySpan<byte> message, out PresentMessage present)
    {
        present = default;
        if (!ControlHeader.TryParse(message, ControlKind.Present, NameOffset, out var header))
        {
            return false;
        }

        int nameBytes = message[20];
        if (nameBytes > NameBytesMax || message.Length < NameOffset + nameBytes)
        {
            return false;
        }

        if (NodeName.Read(message.Slice(NameOffset, nameBytes)) is not { Length: > 0 } name)
        {
            return false;
        }

        var classAndRevision = BinaryPrimitives.ReadUInt32LittleEndian(message[16..]);
        present = new PresentMessage(
            header.Function, header.Generation, name,
            BinaryPrimitives.ReadUInt16LittleEndian(message[12..]), BinaryPrimitives.ReadUInt16LittleEndian(message[14..]),
            (int)(classAndRevision & 0xFF_FFFF), (byte)(classAndRevision >> 24));
        return true;
    }
}
