using System.Security.Cryptography;
using ExpEther.Core.Time;
using ExpEther.Link.Sealing;
using ExpEther.Link.Wire;

namespace ExpEther.Link.Setup;

/// <summary>
/// One epoch between two sides, made of one INIT and the one ACCEPT that answers it: its keys, frame numbers and what was agreed. It lives from the
/// exchange on, before it is known whether the epoch will be used; windows are made for the one that is. Its frame numbers only grow, and
/// there is no way to make the same session again: the ephemeral keys it came from are gone by then.
/// </summary>
internal sealed class Session : IDisposable
{
    private readonly LinkOptions _options;
    private ulong _lastNumber;
    private ulong _echoed;
    private Instant _phaseEnds = Instant.Never;

    public Session(LinkOptions options, SetupMessage init, SetupMessage accept, byte[]? agreed)
    {
        _options = options;
        Epoch = accept.Epoch;
        Init = init;
        Accept = accept;
        Peer = (options.Role == LinkRole.Initiator ? accept : init).Parameters;
        var transcript = KeySchedule.Transcript(LinkBinding.Of(options), init.Bytes, accept.Bytes);
        Seal = agreed is null ? Seal.WithChecksum(transcript, options.Role) : MakeSeal(options, agreed, transcript);
    }

    public uint Epoch { get; }

    public SetupMessage Init { get; }

    public SetupMessage Accept { get; }

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

    /// <summary>
    /// Every transmission takes one: the GCM nonce depends on it. When a key has been in use for <see cref="LinkOptions.KeyPhase"/>, the numbers that are
    /// left of its phase are skipped, once the peer has said that it has a frame of this phase: a receiver knows the key of one phase ahead, so
    /// silence, however long, must not leave it two behind.
    /// </summary>
    public ulong TakeFrameNumber(Instant now)
    {
        var next = _lastNumber + 1;
        if (Seal.IsSealed)
        {
            if (_phaseEnds == Instant.Never)
            {
                _phaseEnds = now + _options.KeyPhase;
            }

            if (now >= _phaseEnds && KeyPhases.PhaseOf(_echoed) == KeyPhases.PhaseOf(_lastNumber))
            {
                next = KeyPhases.FirstOfNext(_lastNumber);
            }

            if (KeyPhases.PhaseOf(next) != KeyPhases.PhaseOf(_lastNumber))
            {
                _phaseEnds = now + _options.KeyPhase;
            }
        }

        return _lastNumber = next;
    }

    public ulong LastFrameNumber => _lastNumber;

    /// <summary>The peer has taken in a frame of ours.</summary>
    public void NoteEcho(ulong frameNumber) => _echoed = Math.Max(_echoed, frameNumber);

    /// <summary>Checks a frame of this epoch. On success its number is used up.</summary>
    /// <returns>Null when authentic, otherwise why it is dropped.</returns>
    public FrameDrop? Open(in FrameHeader header, ReadOnlySpan<byte> frame, Span<byte> scratch, out ReadOnlySpan<byte> records)
    {
        records = default;
        if (header.Path >= LinkLimits.PathsMax)
        {
            return FrameDrop.WrongPath;
        }

        // A key phase that is over has no key any more; what of it was still under way is lost, and its records are sent again.
        if (!Replay.IsFresh(header.FrameNumber) || KeyPhases.PhaseOf(header.FrameNumber) < Seal.ReceivePhase)
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

    private static Seal MakeSeal(LinkOptions options, byte[] agreed, byte[] transcript)
    {
        var (forth, back) = KeySchedule.Secrets(options.PreSharedKey, agreed, transcript);
        CryptographicOperations.ZeroMemory(agreed);
        return options.Role == LinkRole.Initiator
            ? Seal.WithSecrets(forth, back, options.Ciphers)
            : Seal.WithSecrets(back, forth, options.Ciphers);
    }
}
