namespace ExpEther.Bridge.Protocol;

/// <summary>Host bridge to I/O bridge: the host has let the function go and powered its slot off.</summary>
public readonly record struct PoweredOffMessage(ushort Function, ulong Generation)
{
    public const int BytesMax = ControlHeader.Bytes;

    public int Write(Span<byte> into) => new ControlHeader(ControlKind.PoweredOff, Function, Generation).Write(into);

    public static bool TryParse(ReadOnlySpan<byte> message, out PoweredOffMessage parsed)
    {
        var ok = ControlHeader.TryParse(message, ControlKind.PoweredOff, BytesMax, out var header);
        parsed = new PoweredOffMessage(header.Function, header.Generation);
        return ok;
    }
}
