using ExpEther.Link.Sealing;
using ExpEther.Link.Wire;

namespace ExpEther.Link.Setup;

/// <summary>
/// One epoch between two sides: its keys, frame numbers and what was agreed. It lives from the exchange of nonces on, before it is known
/// whether the epoch will be used; windows are made for the one that is.
/// </summary>
internal sealed class Session : IDisposable
{
    private ulong _lastNumber;

    public Session(LinkOptions options, uint epoch, byte[] initiatorNonce, byte[] responderNonce, SetupParameters peer)
    {
        Epoch = epoch;
        InitiatorNonce = initiatorNonce;
        ResponderNonce = responderNonce;
        Peer = peer;
        Seal = MakeSeal(options, initiatorNonce, responderNonce);
    }

    public uint Epoch { get; }

    public byte[] InitiatorNonce { get; }

    public byte[] ResponderNonce { get; }

    public SetupParameters Peer { get; }

    /// <summary>The longest frame of this epoch, from the header to the tag; 0 until it is agreed. Then it never changes.</summary>
    public int MtuBytes { get; private set; }

    public Seal Seal { get; }

    public ReplayWindow Replay { get; } = new();

    public void AgreeOn(int mtuBytes)
    {
        Check.That(MtuBytes == 0 && mtuBytes >= LinkLimits.MtuBytesMin);
        MtuBytes = mtuBytes;
    }

    /// <summary>Every transmission takes one: the GCM nonce depends on it.</summary>
    public ulong TakeFrameNumber() => ++_lastNumber;

    public ulong LastFrameNumber => _lastNumber;

    /// <summary>Checks a frame of this epoch. On success its number is used up.</summary>
    /// <returns>Null when authentic, otherwise why it is dropped.</returns>
    public FrameDrop? Open(in FrameHeader header, ReadOnlySpan<byte> frame, Span<byte> scratch, out ReadOnlySpan<byte> records)
    {
        records = default;
        if (header.Path >= LinkLimits.PathsMax)
        {
            return FrameDrop.WrongPath;
        }

        if (!Replay.IsFresh(header.FrameNumber))
        {
            return FrameDrop.Replayed;
        }

        if (!Seal.TryOpen(header.Path, header.FrameNumber, frame, scratch, out records))
        {
            return (header.Flags & FrameFlags.Sealed) != 0 ? FrameDrop.BrokenSeal : FrameDrop.BadChecksum;
        }

        Replay.Note(header.FrameNumber);
        return null;
    }

    public void Dispose() => Seal.Dispose();

    private static Seal MakeSeal(LinkOptions options, byte[] initiatorNonce, byte[] responderNonce)
    {
        byte[] nonces = [.. initiatorNonce, .. responderNonce];
        if (!options.Sealed)
        {
            return Seal.WithChecksum(nonces);
        }

        var binding = LinkBinding.Of(options);
        var initiatorKey = KeySchedule.InitiatorToResponder(options.PreSharedKey, nonces, binding);
        var responderKey = KeySchedule.ResponderToInitiator(options.PreSharedKey, nonces, binding);
        return options.Role == LinkRole.Initiator ? Seal.WithKeys(initiatorKey, responderKey) : Seal.WithKeys(responderKey, initiatorKey);
    }
}
