using ExpEther.Core.Time;
using ExpEther.Link.Ethernet;
using ExpEther.Link.Setup;
using ExpEther.Link.Wire;

namespace ExpEther.Link;

/// <summary>Frames of set-up, and what makes an initiator ask beside an epoch that is in use.</summary>
public sealed partial class EtherLink
{
    private Instant _staleAfter;
    private Instant _doubtAfter;

    private FrameDrop? AdmitSetup(in FrameHeader header, ReadOnlySpan<byte> bytes, Instant now)
    {
        if (State == LinkState.Closed)
        {
            return FrameDrop.NotOpen;
        }

        // By role first: neither side spends a hash on what it would not take.
        var expected = _initiator is { } opening
            ? header.Type == FrameType.Stale || (opening.IsActive && header.Type is FrameType.Challenge or FrameType.Accept)
            : header.Type is FrameType.Hello or FrameType.Init;
        if (!expected)
        {
            return FrameDrop.UnexpectedSetup;
        }

        if (!_setupSeal.IsAuthentic(bytes))
        {
            return Options.Sealed ? FrameDrop.BrokenSeal : FrameDrop.BadChecksum;
        }

        _trust = FrameTrust.Claimed;

        if (header.Type == FrameType.Stale)
        {
            return TakeStale(header.Epoch, now);
        }

        return header.Type is FrameType.Hello or FrameType.Challenge ? AdmitChallenge(bytes, now) : AdmitSetupMessage(bytes, now);
    }

    private FrameDrop? AdmitChallenge(ReadOnlySpan<byte> bytes, Instant now)
    {
        if (ChallengeMessage.TryParse(bytes, _setupSeal.TagBytes) is not { } message)
        {
            return FrameDrop.Malformed;
        }

        if (_initiator is not null)
        {
            if (!_initiator.OnChallenge(message, Epoch, now))
            {
                return FrameDrop.UnexpectedSetup;
            }

            PeerTakenSince = _session is null && message.KnownEpoch != 0 ? PeerTakenSince ?? now : null;
            return null;
        }

        if (_session is not null)
        {
            _rivals.NoteHello(_lastHeard, now);
        }

        _responder!.OnHello(message);
        return null;
    }

    private FrameDrop? AdmitSetupMessage(ReadOnlySpan<byte> bytes, Instant now)
    {
        if (SetupMessage.TryParse(bytes, _setupSeal.TagBytes) is not { } message)
        {
            return FrameDrop.Malformed;
        }

        // Only what answers us now says which life the peer is in; anything else may be old.
        var isLive = _initiator?.IsAnswer(message) ?? _responder!.IsAnswer(message);
        if (isLive && !_rivals.LetsIn(message.Parameters.Incarnation, _session?.Peer.Incarnation, _lastHeard, now))
        {
            return FrameDrop.UnexpectedSetup;
        }

        if (_initiator is not null)
        {
            return _initiator.OnAccept(message, bytes.Length, now) ? null : FrameDrop.UnexpectedSetup;
        }

        if (_session is { } session && session.Init.Says(message))
        {
            // The initiator has not heard from us in the epoch it confirmed.
            _ack.Hurry();
            return null;
        }

        return _responder!.OnInit(message, bytes.Length, now);
    }

    /// <summary>The peer says that it does not know our epoch. True or replayed: asking for a new one tells.</summary>
    private FrameDrop? TakeStale(uint epoch, Instant now)
    {
        // A responder says it no more often than this; a replay of it must not make us set up at the pace of its sender.
        if (_session is null || epoch != _session.Epoch || now < _staleAfter)
        {
            return FrameDrop.UnexpectedSetup;
        }

        _staleAfter = now + Options.StaleAnswer;
        if (_initiator is { IsActive: false })
        {
            _initiator.Start(_lastEpoch, now);
        }

        return null;
    }

    /// <summary>
    /// The peer is said to be in another life than the epoch's, by what proves nothing: an announcement. A responder that was started again knows no
    /// peer and is silent, so an initiator asks. Nothing comes of it unless an authentic peer says that it does not know the epoch in use.
    /// </summary>
    public void Doubt(Instant now)
    {
        if (_session is null || now < _doubtAfter || _initiator is not { IsActive: false })
        {
            return;
        }

        _doubtAfter = now + Options.SetupRetryMax;
        _initiator.Start(_lastEpoch, now);
    }
}
