using ExpEther.Core.Time;
using ExpEther.Link.Sealing;
using ExpEther.Link.Wire;

namespace ExpEther.Link.Setup;

/// <summary>
/// The opening side of set-up. States:
/// <list type="bullet">
/// <item>Idle: nothing is asked for.</item>
/// <item>Asking: INIT under one nonce, repeated with growing pauses, a fresh nonce after some tries.</item>
/// <item>Confirming: an ACCEPT that answers our nonce came; the epoch it offers is the candidate, and a DATA frame of it is sent as
/// confirmation. INIT goes on being repeated, since ACCEPT's answer may get lost. A second ACCEPT with the same nonces only has the
/// confirmation repeated: making the candidate anew would begin its frame numbers anew under the same keys.</item>
/// </list>
/// The first authentic frame of the candidate ends it: then the peer has the epoch too. This goes on beside an epoch in use when the
/// peer claims, by STALE, not to know that one: the claim may be a replay, the ACCEPT is not.
/// <para>
/// The path's MTU is found on the way, since an INIT is as long as the frames it asks for and is answered by an ACCEPT of the same length:
/// what comes back has passed both ways. The largest size goes first and alone; only when it stays unanswered for
/// <see cref="LinkOptions.MtuStep"/> does the rest of the ladder follow. An ACCEPT of the largest size both sides have is confirmed at once.
/// A smaller one may owe its coming first to loss or reordering, so what is larger is asked for once more, and the largest that came within
/// <see cref="LinkOptions.MtuSettle"/> is taken. The confirmation states it; from then on it is agreed and later ACCEPTs change nothing.
/// </para>
/// </summary>
internal sealed class InitiatorHandshake(LinkOptions options, SetupSeal seal, IRandomSource random)
{
    private byte[] _nonce = new byte[SetupLayout.NonceBytes];
    private ulong _frames;
    private int _tries;
    private TimeSpan _pause;
    private Instant _nextTry;

    /// <summary>The size of the INIT that is due, 0: none; after it smaller ones, as long as they are above <see cref="_sizesAbove"/>.</summary>
    private int _sizeDue;
    private int _sizesAbove;
    private Instant _restAt = Instant.Never;

    /// <summary>The largest size that the candidate was accepted with.</summary>
    private int _accepted;
    private Instant _settleAt = Instant.Never;

    public bool IsActive { get; private set; }

    /// <summary>The epoch offered to us and not yet in use.</summary>
    public Session? Candidate { get; private set; }

    /// <summary>A frame of the candidate should go out.</summary>
    public bool ConfirmDue { get; set; }

    public bool FrameDue => _sizeDue != 0;

    public Instant? NextDeadline => IsActive ? Instant.Min(_nextTry, Instant.Min(_restAt, _settleAt)) : null;

    public void Start(Instant now)
    {
        IsActive = true;
        _pause = options.SetupRetry;
        TakeFreshNonce();
        Ask(now);
    }

    /// <summary>Ends set-up. The candidate, if there is one, goes to the caller or is thrown away.</summary>
    public Session? Stop(bool keepCandidate)
    {
        var candidate = Candidate;
        IsActive = false;
        _sizeDue = 0;
        _restAt = _settleAt = Instant.Never;
        ConfirmDue = false;
        Candidate = null;
        if (!keepCandidate)
        {
            candidate?.Dispose();
            return null;
        }

        return candidate;
    }

    public void OnTime(Instant now)
    {
        if (!IsActive)
        {
            return;
        }

        if (now >= _restAt)
        {
            _restAt = Instant.Never;
            Ask(MtuLadder.Below(options.MtuBytes), above: 0);
        }

        if (now >= _settleAt)
        {
            Confirm(Candidate!);
        }

        if (now < _nextTry)
        {
            return;
        }

        if (_tries >= LinkLimits.SetupTriesPerNonceMax)
        {
            TakeFreshNonce();
        }

        Ask(now);
        ConfirmDue = Candidate is { MtuBytes: > 0 };
    }

    /// <param name="message">An authentic ACCEPT.</param>
    /// <param name="epochInUse">Ours, 0 when there is none.</param>
    /// <param name="now">The owner's time.</param>
    /// <returns>False: it answers nothing we asked.</returns>
    public bool OnAccept(SetupMessage message, uint epochInUse, Instant now)
    {
        if (!IsActive || !message.InitiatorNonce.AsSpan().SequenceEqual(_nonce) || message.Epoch == 0
            || message.VersionMin > FrameLayout.CurrentVersion || message.VersionMax < FrameLayout.CurrentVersion)
        {
            return false;
        }

        if (epochInUse != 0 && message.KnownEpoch == epochInUse)
        {
            // The peer has our epoch after all; the STALE that made us ask was an old one.
            Stop(keepCandidate: false);
            return true;
        }

        if (Candidate is null || !Candidate.ResponderNonce.AsSpan().SequenceEqual(message.ResponderNonce))
        {
            Candidate?.Dispose();
            Candidate = new Session(options, message.Epoch, _nonce, message.ResponderNonce, message.Parameters);
            _accepted = 0;
            _settleAt = Instant.Never;
        }

        _restAt = Instant.Never;
        if (Candidate.MtuBytes > 0)
        {
            ConfirmDue = true;
            return true;
        }

        _accepted = Math.Max(_accepted, message.SizeBytes);
        var largest = Math.Min(options.MtuBytes, message.Parameters.MtuBytes);
        if (_accepted >= largest)
        {
            Confirm(Candidate);
        }
        else if (_settleAt == Instant.Never)
        {
            _settleAt = now + options.MtuSettle;
            Ask(largest, above: _accepted);
        }

        return true;
    }

    /// <summary>Writes the INIT that is due.</summary>
    /// <returns>Bytes written from the header on.</returns>
    public int Write(uint lastEpoch, Span<byte> into)
    {
        var message = new SetupMessage
        {
            InitiatorNonce = _nonce,
            ResponderNonce = new byte[SetupLayout.NonceBytes],
            Epoch = 0,
            KnownEpoch = lastEpoch,
            Parameters = SetupParameters.Of(options),
            SizeBytes = _sizeDue,
        };
        var below = MtuLadder.Below(_sizeDue);
        _sizeDue = below > _sizesAbove ? below : 0;
        return message.Write(FrameType.Init, ++_frames, seal, into);
    }

    /// <summary>The next attempt: the largest size first, or the one that is agreed already.</summary>
    private void Ask(Instant now)
    {
        var agreed = Candidate?.MtuBytes ?? 0;
        var first = agreed > 0 ? agreed : options.MtuBytes;
        Ask(first, above: first - 1);
        _restAt = agreed > 0 || Candidate is not null ? Instant.Never : now + options.MtuStep;
        _tries++;
        _nextTry = now + _pause;
        _pause = _pause * 2 < options.SetupRetryMax ? _pause * 2 : options.SetupRetryMax;
    }

    private void Ask(int size, int above) => (_sizeDue, _sizesAbove) = (size, above);

    private void Confirm(Session candidate)
    {
        candidate.AgreeOn(_accepted);
        _settleAt = Instant.Never;
        _sizeDue = 0;
        ConfirmDue = true;
    }

    private void TakeFreshNonce()
    {
        Candidate?.Dispose();
        Candidate = null;
        ConfirmDue = false;
        _restAt = _settleAt = Instant.Never;
        _nonce = new byte[SetupLayout.NonceBytes];
        random.Fill(_nonce);
        _tries = 0;
    }
}
