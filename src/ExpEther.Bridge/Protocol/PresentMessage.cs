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

    // After the name: slot (2 B), whether it has to be that one (1 B). A box that knows no slots ends with the name. Then a ResumeOffer, if
    // the function can go on.
    private const int SlotBytes = 3;

    public const int BytesMax = NameOffset + NameBytesMax + SlotBytes + ResumeOffer.Bytes;

    /// <summary>The slot that it should have, from 1: the one it was in last, or the one that a user named. 0: any.</summary>
    public ushort Slot { get; init; }

    /// <summary>No other slot than <see cref="Slot"/> will do.</summary>
    public bool IsSlotDemanded { get; init; }

    /// <summary>How it may continue what is in a slot; null: it cannot.</summary>
    public ResumeOffer? Resume { get; init; }

    public int Write(Span<byte> into)
    {
        new ControlHeader(ControlKind.Present, Function, Generation).Write(into);
        BinaryPrimitives.WriteUInt16LittleEndian(into[12..], VendorId);
        BinaryPrimitives.WriteUInt16LittleEndian(into[14..], DeviceId);
        BinaryPrimitives.WriteUInt32LittleEndian(into[16..], ((uint)Revision << 24) | ((uint)ClassCode & 0xFF_FFFF));
        var bytes = Encoding.UTF8.GetBytes(Name, into.Slice(NameOffset, NameBytesMax));
        into[20] = (byte)bytes;
        BinaryPrimitives.WriteUInt16LittleEndian(into[(NameOffset + bytes)..], Slot);
        into[NameOffset + bytes + 2] = IsSlotDemanded ? (byte)1 : (byte)0;
        if (Resume is not { } resume)
        {
            return NameOffset + bytes + SlotBytes;
        }

        resume.Write(into[(NameOffset + bytes + SlotBytes)..]);
        return NameOffset + bytes + SlotBytes + ResumeOffer.Bytes;
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

        var slot = message[(NameOffset + nameBytes)..];
        var classAndRevision = BinaryPrimitives.ReadUInt32LittleEndian(message[16..]);
        present = new PresentMessage(
            header.Function, header.Generation, name,
            BinaryPrimitives.ReadUInt16LittleEndian(message[12..]), BinaryPrimitives.ReadUInt16LittleEndian(message[14..]),
            (int)(classAndRevision & 0xFF_FFFF), (byte)(classAndRevision >> 24))
        {
            Slot = slot.Length < SlotBytes ? (ushort)0 : BinaryPrimitives.ReadUInt16LittleEndian(slot),
            IsSlotDemanded = slot.Length >= SlotBytes && slot[2] != 0,
            Resume = slot.Length < SlotBytes ? null : ResumeOffer.Read(slot[SlotBytes..]),
        };
        return true;
    }
}
