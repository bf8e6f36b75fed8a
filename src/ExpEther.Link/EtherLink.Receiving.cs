using ExpEther.Core.Stages;
using ExpEther.Core.Time;
using ExpEther.Link.Ethernet;
using ExpEther.Link.Setup;
using ExpEther.Link.Wire;

namespace ExpEther.Link;

/// <summary>Frames that come in: cheap checks first, the seal last, then acknowledgement, then records (EtherLink.Records.cs).</summary>
public sealed partial class EtherLink
{
    private const ushort EchoDelayMax = ushort.MaxValue;

    private ulong _echoFrame;
    private uint _echoTimestamp;
    private Instant _echoAt;
    private ulong _highestEcho;
    private bool _isReceiving;
    private FrameTrust _trust;

    /// <summary>Takes a frame that has come in. Whatever does not belong here is dropped and counted by its reason.</summary>
    /// <returns>How far it proves that the peer sent it, now and from where it came.</returns>
    public FrameTrust OnFrame(in ReceivedFrame frame, Instant now)
    {
        Check.That(!_isReceiving);
        _isReceiving = true;
        _trust = FrameTrust.None;
        var outer = _stages.Enter(Stage.Link);
        Counters.FramesReceived++;
        Counters.BytesReceived += frame.Payload.Length;
        if (Admit(frame, now) is { } reason)
        {
            Counters.CountDrop(reason);
        }

        _stages.Leave(outer);
        _isReceiving = false;
        return _trust;
    }

    /// <returns>Why the frame is dropped; null when it was taken.</returns>
    private FrameDrop? Admit(in ReceivedFrame frame, Instant now)
    {
        if (frame.Destination != Options.Local)
        {
            return FrameDrop.WrongDestination;
        }

        if (frame.Source != Options.Peer)
        {
            return FrameDrop.WrongSource;
        }

        if (frame.Vlan != Options.Vlan)
        {
            return FrameDrop.WrongVlan;
        }

        var error = FrameHeader.TryParse(frame.Payload, out var header);
        if (error != FrameError.None)
        {
            return error == FrameError.WrongVersion ? FrameDrop.WrongVersion : FrameDrop.Malformed;
        }

        if (header.Length > Options.MtuBytes)
        {
            return FrameDrop.Malformed;
        }

        if ((header.Flags & FrameFlags.Sealed) != 0 != Options.Sealed)
        {
            return FrameDrop.WrongForm;
        }

        var bytes = frame.Payload[..header.Length];
        return header.Type is FrameType.Data or FrameType.Reset ? AdmitOfEpoch(header, bytes, now) : AdmitSetup(header, bytes, now);
    }

    private FrameDrop? AdmitOfEpoch(in FrameHeader header, ReadOnlySpan<byte> bytes, Instant now)
    {
        var session = FindSession(header.Epoch);
        if (session is null)
        {
            if (State == LinkState.Closed)
            {
                return FrameDrop.NotOpen;
            }

            if (header.Type == FrameType.Data)
            {
                _responder?.OnUnknownEpoch(header.Epoch, now);
            }

            return FrameDrop.OldEpoch;
        }

        if (session.Open(header, bytes, _scratch, out var records) is { } drop)
        {
            return drop;
        }

        if (session == _ended)
        {
            if (header.Type == FrameType.Data && now >= _resetAfter)
            {
                _resetDue = true;
                _resetAfter = now + Options.StaleAnswer;
            }

            return State == LinkState.Closed ? FrameDrop.NotOpen : FrameDrop.OldEpoch;
        }

        if (header.Type == FrameType.Reset)
        {
            return TakeReset(session, now);
        }

        if (session != _session)
        {
            if (!_rivals.LetsIn(session.Peer.Incarnation, _session?.Peer.Incarnation, _lastHeard, now))
            {
                return FrameDrop.OldEpoch;
            }

            if (!TryAgree(session, records))
            {
                return FrameDrop.Malformed;
            }

            BeginEpoch(session, now);
        }

        return session == _session ? TakeData(session, header, records, now) : null;
    }

    /// <summary>The first frame of an epoch. To a responder it is the confirmation, which states the MTU that the initiator found.</summary>
    private bool TryAgree(Session session, ReadOnlySpan<byte> records)
    {
        if (_initiator is null)
        {
            var mtu = RecordView.FindMtu(records);
            if (mtu < LinkLimits.MtuBytesMin || mtu > Math.Min(Options.MtuBytes, session.Peer.MtuBytes))
            {
                return false;
            }

            session.AgreeOn(mtu);
        }

        return session.MtuBytes > 0;
    }

    private Session? FindSession(uint epoch)
    {
        if (_session is not null && _session.Epoch == epoch)
        {
            return _session;
        }

        if (_ended is not null && _ended.Epoch == epoch)
        {
            return _ended;
        }

        return _initiator is not null
            ? _initiator.Candidate?.Epoch == epoch ? _initiator.Candidate : null
            : _responder!.Find(epoch);
    }

    private FrameDrop? TakeReset(Session session, Instant now)
    {
        if (session != _session)
        {
            return FrameDrop.UnexpectedSetup;
        }

        EndEpoch(LinkDownReason.PeerReset, tellPeer: false, now);
        return null;
    }

    private FrameDrop? TakeData(Session session, in FrameHeader header, ReadOnlySpan<byte> records, Instant now)
    {
        _trust = header.FrameNumber == session.Replay.Highest ? FrameTrust.Proven : FrameTrust.None;
        NoteHeard(session, header, now);
        if (!RecordView.TryCount(records, out var sequenced, out var others) || !TakeAcknowledgement(session, header, now))
        {
            BreakOff("a frame of it cannot be", now);
            return FrameDrop.Malformed;
        }

        if (!WatchPath(now))
        {
            return null;
        }

        if (others > 0 && !TakeUnsequenced(session, records, now))
        {
            return null;
        }

        var drop = sequenced > 0 ? TakeSequenced(session, header.RecordSequence, sequenced, records, now) : null;
        if (session == _session)
        {
            DrainAside();
        }

        return drop;
    }

    private void NoteHeard(Session session, in FrameHeader header, Instant now)
    {
        _lastHeard = now;
        if (_isSilent)
        {
            _isSilent = false;
            _events.Report(EventSeverity.Information, SourceName, "the path is back");
            _rtt.OnProgress();
            _retransmitAt = _send.HasUnacknowledged ? now : Instant.Never;
        }

        if (header.FrameNumber == session.Replay.Highest)
        {
            (_echoFrame, _echoTimestamp, _echoAt) = (header.FrameNumber, header.Timestamp, now);
        }
    }

    /// <returns>False: the peer acknowledges what was never sent.</returns>
    private bool TakeAcknowledgement(Session session, in FrameHeader header, Instant now)
    {
        var acknowledged = _send.OnAcknowledged(header.Acknowledgement, header.SelectiveAck);
        if (acknowledged < 0)
        {
            return false;
        }

        var hasEcho = (header.Flags & FrameFlags.Echo) != 0;
        var behind = (uint)session.LastFrameNumber - header.FrameEcho;
        if (hasEcho && behind < session.LastFrameNumber)
        {
            session.NoteEcho(session.LastFrameNumber - behind);
            TakeEcho(session.LastFrameNumber - behind, header, now);
        }

        if (acknowledged > 0)
        {
            _congestion.OnAcknowledged(acknowledged, _rtt.Smoothed, now);
            _rtt.OnProgress();
            _lastProgress = now;
            _retransmitAt = _send.HasUnacknowledged ? now + _rtt.Timeout : Instant.Never;
        }

        return true;
    }

    private void TakeEcho(ulong highestFrame, in FrameHeader header, Instant now)
    {
        if (highestFrame > _highestEcho)
        {
            _highestEcho = highestFrame;
            var roundTrip = (int)(Microseconds(now) - header.TimestampEcho - header.EchoDelay);
            if (header.EchoDelay != EchoDelayMax && roundTrip >= 0)
            {
                _rtt.OnSample(new TimeSpan(roundTrip * TimeSpan.TicksPerMicrosecond));
                Counters.RoundTrips.Add(roundTrip);
            }
        }

        var reordering = Math.Max((int)(_rtt.Smoothed.Ticks / TimeSpan.TicksPerMicrosecond) / 4, LinkLimits.ReorderMicrosecondsMin);
        var lost = _send.DetectLoss(highestFrame, header.TimestampEcho, reordering, header.Acknowledgement, header.SelectiveAck);
        if (lost > 0)
        {
            _congestion.OnLoss(lost, now);
        }
    }

    private void BreakOff(string why, Instant now)
    {
        _events.Report(EventSeverity.Error, SourceName, $"it broke the protocol: {why}");
        EndEpoch(LinkDownReason.ProtocolError, tellPeer: true, now);
    }

    private static uint Microseconds(Instant now) => (uint)(now.Nanoseconds / 1000);
}
