using System.Text;

namespace ExpEther.Bridge.Protocol;

/// <summary>
/// Host bridge to I/O bridge: how it goes with a function that is in a slot, where the host is a virtual machine and its monitor has a say. After the header
/// kind (1 B), length (1 B), text (UTF-8).
/// </summary>
/// <param name="Function">Its number on the link.</param>
/// <param name="Generation">Of the assignment.</param>
/// <param name="Kind">What it means.</param>
/// <param name="Text">For people, at most <see cref="TextBytesMax"/> bytes of UTF-8; what is longer is cut.</param>
public readonly record struct NoteMessage(ushort Function, ulong Generation, NoteKind Kind, string Text)
{
    public const int TextBytesMax = 240;

    private const int TextOffset = ControlHeader.Bytes + 2;

    public const int BytesMax = TextOffset + TextBytesMax;

    public int Write(Span<byte> into)
    {
        new ControlHeader(ControlKind.Note, Function, Generation).Write(into);
        Encoding.UTF8.GetEncoder().Convert(Text, into.Slice(TextOffset, TextBytesMax), flush: true, out _, out var bytes, out _);
        into[ControlHeader.Bytes] = (byte)Kind;
        into[ControlHeader.Bytes + 1] = (byte)bytes;
        return TextOffset + bytes;
    }

    /// <summary>Control characters of the text, which a log or a terminal would obey, come as blanks.</summary>
    public static bool TryParse(ReadOnlySpan<byte> message, out NoteMessage parsed)
    {
        parsed = default;
        if (!ControlHeader.TryParse(message, ControlKind.Note, TextOffset, out var header)
            || message[ControlHeader.Bytes + 1] > TextBytesMax || message.Length < TextOffset + message[ControlHeader.Bytes + 1])
        {
            return false;
        }

        var text = Encoding.UTF8.GetString(message.Slice(TextOffset, message[ControlHeader.Bytes + 1]));
        parsed = new NoteMessage(
            header.Function, header.Generation, (NoteKind)message[ControlHeader.Bytes], string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c)));
        return true;
    }
}
