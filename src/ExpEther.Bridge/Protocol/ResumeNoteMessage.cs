using System.Buffers.Binary;
using ExpEther.Pcie.Ports;

namespace ExpEther.Bridge.Protocol;

/// <summary>
/// I/O bridge to host bridge: what the function noted for its next life. Kept with the slot, never looked into, and given back by
/// <see cref="ResumedMessage"/>.
/// </summary>
/// <param name="function">Its number on the link.</param>
/// <param name="generation">Of the assignment.</param>
/// <param name="note">0 to <see cref="PortLimits.ResumeNoteBytesMax"/> bytes; empty: what was noted before holds no more.</param>
public readonly ref struct ResumeNoteMessage(ushort function, ulong generation, ReadOnlySpan<byte> note)
{
    public const int BytesMax = ControlHeader.Bytes + 2 + PortLimits.ResumeNoteBytesMax;

    public ushort Function { get; } = function;

    public ulong Generation { get; } = generation;

    public ReadOnlySpan<byte> Note { get; } = note;

    public int Write(Span<byte> into) => Write(ControlKind.ResumeNote, Function, Generation, Note, into);

    public static bool TryParse(ReadOnlySpan<byte> message, out ResumeNoteMessage parsed)
    {
        var ok = TryParse(message, ControlKind.ResumeNote, out var header, out var note);
        parsed = new ResumeNoteMessage(header.Function, header.Generation, note);
        return ok;
    }

    internal static int Write(ControlKind kind, ushort function, ulong generation, ReadOnlySpan<byte> note, Span<byte> into)
    {
        Check.That(note.Length <= PortLimits.ResumeNoteBytesMax);
        new ControlHeader(kind, function, generation).Write(into);
        BinaryPrimitives.WriteUInt16LittleEndian(into[ControlHeader.Bytes..], (ushort)note.Length);
        note.CopyTo(into[(ControlHeader.Bytes + 2)..]);
        return ControlHeader.Bytes + 2 + note.Length;
    }

    internal static bool TryParse(ReadOnlySpan<byte> message, ControlKind kind, out ControlHeader header, out ReadOnlySpan<byte> note)
    {
        note = default;
        if (!ControlHeader.TryParse(message, kind, ControlHeader.Bytes + 2, out header))
        {
            return false;
        }

        var bytes = BinaryPrimitives.ReadUInt16LittleEndian(message[ControlHeader.Bytes..]);
        var rest = message[(ControlHeader.Bytes + 2)..];
        if (bytes > PortLimits.ResumeNoteBytesMax || bytes > rest.Length)
        {
            return false;
        }

        note = rest[..bytes];
        return true;
    }
}
