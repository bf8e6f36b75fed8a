using ExpEther.Core.Time;
using ExpEther.Link.Setup;
using ExpEther.Link.Windows;

namespace ExpEther.Link;

/// <summary>How epochs begin and end, and the timers of the one in use.</summary>
public sealed partial class EtherLink
{
    private Session? _session;

    /// <summary>The epoch that we ended last: frames of it are answered with RESET, in case the first one was lost.</summary>
    private Session? _ended;
    private bool _resetDue;
    private Instant _resetAfter;
    private uint _lastEpoch;
    private Instant _lastHeard;
    private Instant _lastSent;
    private Instant _lastProgress;
    private Instant _retransmitAt = Instant.Never;
    private bool _isSilent;

    /// <summary>
    /// When <see cref="OnTime"/> or <see cref="TryTakeFrame"/> has something to do by itself; null: only a frame or a send can give it work.
    /// </summary>
    public Instant? NextDeadline
    {
        get
        {
            if (HasFrameReady)
            {
                return Instant.Zero;
            }

            var next = _initiator?.NextDeadline;
            if (State != LinkState.Up)
            {
                return next;
            }

            var alarm = _isSilent ? Options.LinkDead : Options.PathSilent;
            next = Instant.Earliest(next, _ack.NextDeadline);
            next = Instant.Earliest(next, Instant.Min(_lastHeard + alarm, _lastSent + Options.KeepAlive));
            return _send.HasUnacknowledged ? Instant.Min(next!.Value, Instant.Min(_retransmitAt, _lastProgress + Options.LinkDead)) : next;
        }
    }

    /// <summary>Lets timers run: set-up, retransmission, silence, death.</summary>
    public void OnTime(Instant now)
    {
        _initiator?.OnTime(now);
        _responder?.OnTime(now);
        if (State != LinkState.Up)
        {
            return;
        }

        var deadByLack = _send.HasUnacknowledged && now - _lastProgress >= Options.LinkDead;
        if (deadByLack || now - _lastHeard >= Options.LinkDead)
        {
            EndEpoch(LinkDownReason.Dead, tellPeer: true, now);
            return;
        }

        if (!_isSilent && IsSilent(now))
        {
            _isSilent = true;
            Counters.Silences++;
            _events.Report(EventSeverity.Warning, SourceName, "the path has fallen silent");
        }

        if (_send.HasUnacknowledged && now >= _retransmitAt)
        {
            _send.OnTimeout(_highestEcho);
            _congestion.OnTimeout(now);
            _rtt.OnTimeout();
            _retransmitAt = now + _rtt.Timeout;
            WatchPath(now);
        }
    }

    /// <summary>Has the path come to carry less? See <see cref="ShrinkWatch"/>.</summary>
    /// <returns>False: it has, and the epoch is over.</returns>
    private bool WatchPath(Instant now)
    {
        if (_send.LargeLosses == 0)
        {
            _shrink.Reset();
            return true;
        }

        var least = Math.Max(MaxPayload.MtuFor(MaxPayloadBytes), LinkLimits.MtuBytesMin);
        switch (_shrink.Look(_send.LargeLosses, FrameBytesMax > least, Options.LinkDead / LinkLimits.ShrinkPatiencePart, now))
        {
            case ShrinkVerdict.Shorter:
                _events.Report(
                    EventSeverity.Warning, SourceName, $"the path no longer carries frames of {FrameBytesMax} bytes: they are {least} at most from now on");
                FrameBytesMax = least;
                Counters.PathShrinks++;
                return true;
            case ShrinkVerdict.Over:
                _events.Report(
                    EventSeverity.Error, SourceName,
                    $"link is down: the path no longer carries TLPs of {MaxPayloadBytes} bytes of data; it is set up anew with what it carries");
                Counters.PathShrinks++;
                EndEpoch(LinkDownReason.PathShrank, tellPeer: true, now);
                return false;
            default:
                return true;
        }
    }

    private string SourceName => PeerName.Length > 0 ? PeerName : Options.Peer.ToString();

    private void BeginEpoch(Session session, Instant now)
    {
        if (_session is not null)
        {
            EndEpoch(LinkDownReason.PeerRestarted, tellPeer: false, now);
        }

        if (State == LinkState.Closed)
        {
            // The consumer closed the link in OnDown.
            session.Dispose();
            return;
        }

        _initiator?.Stop(keepCandidate: true);
        _responder?.Clear(session);
        _ended?.Dispose();
        _ended = null;
        _resetDue = false;
        _session = session;
        _lastEpoch = session.Epoch;
        _send.Reset(session.Peer.WindowRecords);
        _receive.Reset();
        _gate.Reset(session.Peer.Credits);
        _ledger.Reset(Options.Credits);
        _aside.Reset();
        _ack.Reset();
        _rtt.Reset();
        _congestion.Reset();
        _hintBytes = 0;
        _echoFrame = 0;
        _highestEcho = 0;
        _isSilent = false;
        _lastHeard = _lastSent = _lastProgress = now;
        _retransmitAt = Instant.Never;
        MtuBytes = session.MtuBytes;
        MaxPayloadBytes = MaxPayload.ForMtu(MtuBytes);
        FrameBytesMax = MtuBytes;
        _shrink.Reset();
        PeerName = session.Peer.Name;
        PeerIncarnation = session.Peer.Incarnation;
        PeerTakenSince = null;
        State = LinkState.Up;
        Counters.Epochs++;

        // The initiator learns from our first frame that we have the epoch.
        _ack.Hurry();
        _consumer.OnUp(this, now);
    }

    /// <summary>What the path of a link that is up carries, in words.</summary>
    public string DescribePath()
    {
        var ends = Math.Min(Options.MtuBytes, _session!.Peer.MtuBytes);
        return $"frames of up to {MtuBytes} bytes, TLPs of up to {MaxPayloadBytes} bytes of data"
            + (MtuBytes < ends ? $"; both ends could send {ends}, the path between them does not carry that" : "");
    }

    private void EndEpoch(LinkDownReason reason, bool tellPeer, Instant now)
    {
        if (_session is not { } session)
        {
            return;
        }

        _session = null;
        _rivals.OnEpochOver();
        _ended?.Dispose();
        _ended = tellPeer ? session : null;
        _resetDue = tellPeer;
        _resetAfter = now + Options.StaleAnswer;
        if (!tellPeer)
        {
            session.Dispose();
        }

        if (State == LinkState.Up)
        {
            State = LinkState.Connecting;
            if (_initiator is { IsActive: false })
            {
                _initiator.Start(_lastEpoch, now);
            }
        }

        _consumer.OnDown(this, reason, now);
    }
}
