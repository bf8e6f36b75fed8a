namespace ExpEther.Bridge.Protocol;

/// <summary>I/O bridge to host bridge: the function is fenced. Empty its slot at once, as at a surprise removal.</summary>
public readonly record struct WithdrawMessage(ushort Function, ulong Generation)
{
    public const int BytesMax = ControlHeader.Bytes;

    public int Write(Span<byte> into) => new ControlHeader(ControlKind.Withdraw, Function, Generation).Write(into);

    public static bool TryParse(ReadOnlySpan<byte> message, out WithdrawMessage parsed)
    {
        var ok = ControlHeader.TryParse(message, ControlKind.Withdraw, BytesMax, out var header);
        parsed = new WithdrawMessage(header.Function, header.Generation);
        return ok;
    }
}
