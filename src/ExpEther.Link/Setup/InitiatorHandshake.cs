using ExpEther.Core.Time;
using ExpEther.Link.Sealing;
using ExpEther.Link.Wire;

namespace ExpEther.Link.Setup;

/// <summary>
/// The opening side of set-up. States:
/// <list type="bullet">
/// <item>Idle: nothing is asked for.</item>
/// <item>Greeting: HELLO under a fresh nonce, repeated with growing pauses, until the responder's CHALLENGE returns that nonce.</item>
/// <item>Asking: INIT under another fresh nonce and a fresh ephemeral key, with the challenge in it. A CHALLENGE that returns the nonce of this INIT says
/// that the challenge is no longer the responder's (it has restarted): the next INIT has the new one, a fresh nonce and a fresh key.</item>
/// <item>Confirming: the ACCEPT of our INIT came. The ephemeral key has agreed and is gone; the session it gave is the candidate, and a DATA frame of it is
/// sent as confirmation. INIT goes on being repeated, since ACCEPT's answer may get lost; the same ACCEPT again only has the
/// confirmation sent again, and another one is dropped.</item>
/// </list>
/// The first authentic frame of the candidate ends it: then the peer has the epoch too. This goes on beside an epoch in use when the
/// peer claims, by STALE, not to know that one: the claim may be a replay, the CHALLENGE is not, and it names the epoch the peer is in.
/// <para>
/// Every message has a nonce of its own and at most one answer of each kind is taken for it, so what was recorded answers nothing, and what is handed over
/// twice changes nothing the second time.
/// </para>
/// <para>
/// The path's MTU is found on the way, since an INIT is as long as the frames it asks for and is answered by an ACCEPT of the same length:
/// what comes back has passed both ways. The largest size goes first and alone; only when it stays unanswered for
/// <see cref="LinkOptions.MtuStep"/> does the rest of the ladder follow. An ACCEPT of the largest size both sides have is confirmed at once.
/// A smaller one may owe its coming first to loss or reordering, so what is larger is asked for once more, and the largest that came within
/// <see cref="LinkOptions.MtuSettle"/> is taken. The confirmation states it; from then on it is agreed and later ACCEPTs change nothing.
/// </para>
/// </summary>
internal sealed class InitiatorHandshake(LinkOptions options, SetupSeal seal, IRandomSource random) : IDisposable
{
    private byte[] _nonce = [];
    private bool _helloDue;

    /// <summary>What is asked; null while greeting.</summary>
    private SetupMessage? _init;

    /// <summary>That of <see cref="_init"/>, until an ACCEPT came.</summary>
    private EphemeralKey? _key;
    private uint _lastEpoch;
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

    public bool FrameDue => _helloDue || _sizeDue != 0;

    public Instant? NextDeadline => IsActive ? Instant.Min(_nextTry, Instant.Min(_restAt, _settleAt)) : null;

    /// <param name="lastEpoch">The last epoch we were in, 0: none.</param>
    /// <param name="now">The owner's time.</param>
    public void Start(uint lastEpoch, Instant now)
    {
        IsActive = true;
        _lastEpoch = lastEpoch;
        _pause = options.SetupRetry;
        Greet(now);
    }

    /// <summary>Ends set-up. The candidate, if there is one, goes to the caller or is thrown away.</summary>
    public Session? Stop(bool keepCandidate)
    {
        var candidate = keepCandidate ? Candidate : null;
        if (keepCandidate)
        {
            Candidate = null;
        }

        IsActive = false;
        Forget();
        return candidate;
    }

    public void Dispose() => Stop(keepCandidate: false);

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

        if (_init is null || _tries >= LinkLimits.SetupTriesPerNonceMax)
        {
            Greet(now);
            return;
        }

        Ask(now);
        ConfirmDue = Candidate is { MtuBytes: > 0 };
    }

    /// <param name="message">An authentic CHALLENGE.</param>
    /// <param name="epochInUse">Ours, 0 when there is none.</param>
    /// <param name="now">The owner's time.</param>
    /// <returns>False: it answers nothing we said last.</returns>
    public bool OnChallenge(ChallengeMessage message, uint epochInUse, Instant now)
    {
        if (!IsActive || !message.Nonce.AsSpan().SequenceEqual(_nonce))
        {
            return false;
        }

        if (epochInUse != 0 && message.KnownEpoch == epochInUse)
        {
            // The peer has our epoch after all; the STALE that made us ask was an old one.
            Stop(keepCandidate: false);
            return true;
        }

        Forget();
        TakeFreshNonce();
        _key = options.Sealed ? new EphemeralKey(random) : null;
        _init = SetupMessage.Make(
            FrameType.Init, options.Sealed, _nonce, message.Challenge, _key?.PublicKey, epoch: 0, _lastEpoch, SetupParameters.Of(options));
        Ask(now);
        return true;
    }

    /// <summary>Does an authentic ACCEPT answer the INIT of now?</summary>
    public bool IsAnswer(SetupMessage message) => IsActive && _init is not null && message.Nonce.SequenceEqual(_nonce);

    /// <param name="message">An authentic ACCEPT.</param>
    /// <param name="sizeBytes">The length of its frame.</param>
    /// <param name="now">The owner's time.</param>
    /// <returns>False: it answers nothing we asked, or is another answer than the one that was taken.</returns>
    public bool OnAccept(SetupMessage message, int sizeBytes, Instant now)
    {
        if (!IsActive || _init is null || !message.Nonce.SequenceEqual(_nonce) || message.Epoch == 0 || !message.SpeaksOurVersion
            || !TryTake(message))
        {
            return false;
        }

        _restAt = Instant.Never;
        if (Candidate!.MtuBytes > 0)
        {
            ConfirmDue = true;
            return true;
        }

        _accepted = Math.Max(_accepted, sizeBytes);
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

    /// <summary>Writes the HELLO or INIT that is due.</summary>
    /// <returns>Bytes written from the header on.</returns>
    public int Write(Span<byte> into)
    {
        if (_helloDue)
        {
            _helloDue = false;
            return new ChallengeMessage(_nonce, new byte[SetupLayout.ChallengeBytes], 0).Write(FrameType.Hello, seal, into);
        }

        var size = _sizeDue;
        var below = MtuLadder.Below(size);
        _sizeDue = below > _sizesAbove ? below : 0;
        return _init!.Write(size, seal, into);
    }

    /// <summary>The first ACCEPT makes the candidate and uses the ephemeral key up; after that only the same one counts.</summary>
    private bool TryTake(SetupMessage accept)
    {
        if (Candidate is not null)
        {
            return Candidate.Accept.Says(accept);
        }

        byte[]? agreed = null;
        if (options.Sealed)
        {
            agreed = _key?.TryAgree(accept.PublicKey);
            _key = null;
            if (agreed is null)
            {
                return false;
            }
        }

        Candidate = new Session(options, _init!, accept, agreed);
        _accepted = 0;
        return true;
    }

    private void Greet(Instant now)
    {
        Forget();
        TakeFreshNonce();
        _helloDue = true;
        WaitLonger(now);
    }

    /// <summary>The next attempt: the largest size first, or the one that is agreed already.</summary>
    private void Ask(Instant now)
    {
        var agreed = Candidate?.MtuBytes ?? 0;
        var first = agreed > 0 ? agreed : options.MtuBytes;
        Ask(first, above: first - 1);
        _restAt = agreed > 0 || Candidate is not null ? Instant.Never : now + options.MtuStep;
        _tries++;
        WaitLonger(now);
    }

    private void Ask(int size, int above) => (_sizeDue, _sizesAbove) = (size, above);

    private void WaitLonger(Instant now)
    {
        _nextTry = now + _pause;
        _pause = _pause * 2 < options.SetupRetryMax ? _pause * 2 : options.SetupRetryMax;
    }

    private void Confirm(Session candidate)
    {
        candidate.AgreeOn(_accepted);
        _settleAt = Instant.Never;
        _sizeDue = 0;
        ConfirmDue = true;
    }

    private void TakeFreshNonce()
    {
        _nonce = new byte[SetupLayout.NonceBytes];
        random.Fill(_nonce);
    }

    /// <summary>What was said and heard in this attempt.</summary>
    private void Forget()
    {
        Candidate?.Dispose();
        Candidate = null;
        _key?.Dispose();
        _key = null;
        _init = null;
        _helloDue = false;
        _sizeDue = 0;
        _tries = 0;
        _restAt = _settleAt = Instant.Never;
        ConfirmDue = false;
    }
}
