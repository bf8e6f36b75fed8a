namespace ExpEther.Bridge.Protocol;

/// <summary>
/// Host bridge to I/O bridge: this guest runs at this host. Functions whose owners marked them for it (<see cref="FollowsMessage"/>) come to this host; for
/// all others it means nothing, and it is not remembered. Function number and generation are 0.
/// </summary>
/// <param name="Guest">The guest's UUID, not all zeros.</param>
public readonly record struct GuestHereMessage(Guid Guest)
{
    public const int BytesMax = ControlHeader.Bytes + GuestId.Bytes;

    public int Write(Span<byte> into)
    {
        new ControlHeader(ControlKind.GuestHere, 0, 0).Write(into);
        GuestId.Write(Guest, into[ControlHeader.Bytes..]);
        return BytesMax;
    }

    public static bool TryParse(ReadOnlySpan<byte> message, out GuestHereMessage parsed)
    {
        parsed = default;
        if (!ControlHeader.TryParse(message, ControlKind.GuestHere, BytesMax, out _))
        {
            return false;
        }

        parsed = new GuestHereMessage(GuestId.Read(message[ControlHeader.Bytes..]));
        return parsed.Guest != Guid.Empty;
    }
}
