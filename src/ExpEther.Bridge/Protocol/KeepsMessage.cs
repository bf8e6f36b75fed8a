namespace ExpEther.Bridge.Protocol;

/// <summary>
/// Host bridge to I/O bridge, when their link has come up: a slot is kept for the function that is named.
/// Answered by <see cref="ForgetMessage"/> if that function is not this host's, else by nothing.
/// </summary>
/// <param name="Name">The function's, see <see cref="ExpEther.Link.NodeName"/>; function number and generation are 0.</param>
public readonly record struct KeepsMessage(string Name)
{
    public const int BytesMax = ControlHeader.Bytes + NamedMessage.BytesMax;

    public int Write(Span<byte> into) => NamedMessage.Write(ControlKind.Keeps, Name, into);

    public static bool TryParse(ReadOnlySpan<byte> message, out KeepsMessage parsed)
    {
        var ok = NamedMessage.TryParse(ControlKind.Keeps, message, out var name);
        parsed = new KeepsMessage(name);
        return ok;
    }
}
