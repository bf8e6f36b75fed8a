namespace ExpEther.Bridge.Protocol;

/// <summary>Host bridge to I/O bridge: the presented function was not taken.</summary>
public readonly record struct RefusedMessage(ushort Function, ulong Generation, RefusalReason Reason)
{
    public const int BytesMax = ControlHeader.Bytes + 1;

    public int Write(Span<byte> into)
    {
        new ControlHeader(ControlKind.Refused, Function, Generation).Write(into);
        into[12] = (byte)Reason;
        return BytesMax;
    }

    public static bool TryParse(ReadOnlySpan<byte> message, out RefusedMessage parsed)
    {
        var ok = ControlHeader.TryParse(message, ControlKind.Refused, BytesMax, out var header);
        parsed = ok ? new RefusedMessage(header.Function, header.Generation, (RefusalReason)message[12]) : default;
        return ok;
    }
}
