namespace ExpEther.Bridge.Protocol;

/// <summary>I/O bridge to host bridge: press the attention button of the slot that holds the function.</summary>
public readonly record struct PressAttentionMessage(ushort Function, ulong Generation)
{
    public const int BytesMax = ControlHeader.Bytes;

    public int Write(Span<byte> into) => new ControlHeader(ControlKind.PressAttention, Function, Generation).Write(into);

    public static bool TryParse(ReadOnlySpan<byte> message, out PressAttentionMessage parsed)
    {
        var ok = ControlHeader.TryParse(message, ControlKind.PressAttention, BytesMax, out var header);
        parsed = new PressAttentionMessage(header.Function, header.Generation);
        return ok;
    }
}
