namespace ExpEther.Bridge.Protocol;

/// <summary>
/// Host bridge to I/O bridge: the presented function continues what is in a slot here. The host knows nothing of it, so the function must
/// tell it that it is to be set up again; what the host had written into its configuration space follows as ordinary requests.
/// </summary>
/// <param name="function">Its number on the link.</param>
/// <param name="generation">Of the new assignment.</param>
/// <param name="note">What its earlier life noted; empty: nothing.</param>
public readonly ref struct ResumedMessage(ushort function, ulong generation, ReadOnlySpan<byte> note)
{
    public const int BytesMax = ResumeNoteMessage.BytesMax;

    public ushort Function { get; } = function;

    public ulong Generation { get; } = generation;

    public ReadOnlySpan<byte> Note { get; } = note;

    public int Write(Span<byte> into) => ResumeNoteMessage.Write(ControlKind.Resumed, Function, Generation, Note, into);

    public static bool TryParse(ReadOnlySpan<byte> message, out ResumedMessage parsed)
    {
        var ok = ResumeNoteMessage.TryParse(message, ControlKind.Resumed, out var header, out var note);
        parsed = new ResumedMessage(header.Function, header.Generation, note);
        return ok;
    }
}
