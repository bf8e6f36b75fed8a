using System.Text;
using ExpEther.Link;

namespace ExpEther.Bridge.Protocol;

/// <summary>A control message about a function by its name: the header with function 0 and generation 0, length (1 B), name (<see cref="NodeName"/>).</summary>
internal static class NamedMessage
{
    public const int BytesMax = 1 + PresentMessage.NameBytesMax;

    private const int NameOffset = ControlHeader.Bytes + 1;

    public static int Write(ControlKind kind, string name, Span<byte> into)
    {
        new ControlHeader(kind, 0, 0).Write(into);
        var bytes = Encoding.UTF8.GetBytes(name, into.Slice(NameOffset, PresentMessage.NameBytesMax));
        into[ControlHeader.Bytes] = (byte)bytes;
        return NameOffset + bytes;
    }

    public static bool TryParse(ControlKind kind, ReadOnlySpan<byte> message, out string name)
    {
        name = "";
        if (!ControlHeader.TryParse(message, kind, NameOffset, out _)
            || message[ControlHeader.Bytes] is > PresentMessage.NameBytesMax or 0 || message.Length < NameOffset + message[ControlHeader.Bytes])
        {
            return false;
        }

        if (NodeName.Read(message.Slice(NameOffset, message[ControlHeader.Bytes])) is not { Length: > 0 } read)
        {
            return false;
        }

        name = read;
        return true;
    }
}
