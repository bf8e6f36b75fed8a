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
/// </summary>
internal sealed class InitiatorHandshake(LinkOptions options, SetupSeal seal, IRandomSource random)
{
    private byte[] _nonce = new byte[SetupLayout.NonceBytes];
    private ulong _frames;
    private int _tries;
    private TimeSpan _pause;
    private Instant _nextTry;
    private bool _initDue;

    public bool IsActive { get; private set; }

    /// <summary>The epoch offered to us and not yet in use.</summary>
    public Session? Candidate { get; private set; }

    /// <summary>A frame of the candidate should go out.</summary>
    public bool ConfirmDue { get; set; }

    public bool FrameDue => _initDue;

    public Instant? NextDeadline => IsActive ? _nextTry : null;

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
        _initDue = false;
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
        if (!IsActive || now < _nextTry)
        {
            return;
        }

        if (_tries >= LinkLimits.SetupTriesPerNonceMax)
        {
            TakeFreshNonce();
        }

        Ask(now);
        ConfirmDue = Candidate is not null;
    }

    /// <param name="message">An authentic ACCEPT.</param>
    /// <param name="epochInUse">Ours, 0 when there is none.</param>
    /// <returns>False: it answers nothing we asked.</returns>
    public bool OnAccept(SetupMessage message, uint epochInUse)
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
        }

        ConfirmDue = true;
        return true;
    }

    /// <summary>Writes the INIT that is due.</summary>
    /// <returns>Bytes written from the header on.</returns>
    public int Write(uint lastEpoch, Span<byte> into)
    {
        _initDue = false;
        var message = new SetupMessage
        {
            InitiatorNonce = _nonce,
            ResponderNonce = new byte[SetupLayout.NonceBytes],
            Epoch = 0,
            KnownEpoch = lastEpoch,
            Parameters = SetupParameters.Of(options),
        };
        return message.Write(FrameType.Init, ++_frames, seal, into);
    }

    private void Ask(Instant now)
    {
        _initDue = true;
        _tries++;
        _nextTry = now + _pause;
        _pause = _pause * 2 < options.SetupRetryMax ? _pause * 2 : options.SetupRetryMax;
    }

    private void TakeFreshNonce()
    {
        Candidate?.Dispose();
        Candidate = null;
        ConfirmDue = false;
        _nonce = new byte[SetupLayout.NonceBytes];
        random.Fill(_nonce);
        _tries = 0;
    }
}
