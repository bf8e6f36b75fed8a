namespace ExpEther.Bridge.Protocol;

/// <summary>
/// I/O bridge to host bridge: the function that is named is not this host's. A slot that was kept for it may be had by others.
/// </summary>
/// <param name="Name">The function's, see <see cref="ExpEther.Link.NodeName"/>; function number and generation are 0.</param>
public readonly record struct ForgetMessage(string Name)
{
    public const int BytesMax = ControlHeader.Bytes + NamedMessage.BytesMax;

    public int Write(Span<byte> into) => NamedMessage.Write(ControlKind.Forget, Name, into);

    public static bool TryParse(ReadOnlySpan<byte> message, out ForgetMessage parsed)
    {
        var ok = NamedMessage.TryParse(ControlKind.Forget, message, out var name);
        parsed = new ForgetMessage(name);
        return ok;
    }
}
