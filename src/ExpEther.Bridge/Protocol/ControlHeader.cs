using System.Buffers.Binary;

namespace ExpEther.Bridge.Protocol;

/// <summary>
/// What every control message starts with: kind (1 B), zero (1 B), function (2 B), generation (8 B); little-endian. What follows is the
/// kind's own. Bytes after the last known field are ignored, so that a later version can add some; a shorter message is refused.
/// </summary>
public readonly record struct ControlHeader(ControlKind Kind, ushort Function, ulong Generation)
{
    public const int Bytes = 12;

    public int Write(Span<byte> into)
    {
        into[0] = (byte)Kind;
        into[1] = 0;
        BinaryPrimitives.WriteUInt16LittleEndian(into[2..], Function);
        BinaryPrimitives.WriteUInt64LittleEndian(into[4..], Generation);
        return Bytes;
    }

    /// <returns>False: too short to be a control message. An unknown kind is handed out as it is: the receiver counts and ignores it.</returns>
    public static bool TryParse(ReadOnlySpan<byte> message, out ControlHeader header)
    {
        header = default;
        if (message.Length < Bytes)
        {
            return false;
        }

        header = new ControlHeader(
            (ControlKind)message[0], BinaryPrimitives.ReadUInt16LittleEndian(message[2..]), BinaryPrimitives.ReadUInt64LittleEndian(message[4..]));
        return true;
    }

    internal static bool TryParse(ReadOnlySpan<byte> message, ControlKind kind, int bytesMin, out ControlHeader header) =>
        TryParse(message, out header) && header.Kind == kind && message.Length >= bytesMin;
}
