namespace ExpEther.Bridge.Protocol;

/// <summary>
/// Host bridge to I/O bridge: the guest has let go of the function to migrate, and the function is to go to the host that the guest arrives at. Said again
/// for as long as that holds; without that it ends by itself. A box that does not know the message counts it, and the function stays.
/// </summary>
/// <param name="Function">Its number on the link.</param>
/// <param name="Generation">Of the assignment.</param>
/// <param name="Guest">The guest's UUID; all zeros: the function follows no guest any more.</param>
public readonly record struct FollowsMessage(ushort Function, ulong Generation, Guid Guest)
{
    public const int BytesMax = ControlHeader.Bytes + GuestId.Bytes;

    public int Write(Span<byte> into)
    {
        new ControlHeader(ControlKind.Follows, Function, Generation).Write(into);
        GuestId.Write(Guest, into[ControlHeader.Bytes..]);
        return BytesMax;
    }

    public static bool TryParse(ReadOnlySpan<byte> message, out FollowsMessage parsed)
    {
        parsed = default;
        if (!ControlHeader.TryParse(message, ControlKind.Follows, BytesMax, out var header))
        {
            return false;
        }

        parsed = new FollowsMessage(header.Function, header.Generation, GuestId.Read(message[ControlHeader.Bytes..]));
        return true;
    }
}
