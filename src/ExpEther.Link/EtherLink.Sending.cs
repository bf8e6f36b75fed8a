using ExpEther.Core.Stages;
using ExpEther.Core.Time;
using ExpEther.Link.Setup;
using ExpEther.Link.Wire;

namespace ExpEther.Link;

/// <summary>Frames that go out: set-up first, then RESET, then records, then bare acknowledgements and signs of life.</summary>
public sealed partial class EtherLink
{
    private bool HasFrameReady =>
        _initiator is { FrameDue: true } or { ConfirmDue: true, Candidate: not null } || _responder is { FrameDue: true } || _resetDue
        || (State == LinkState.Up && (_hintBytes > 0 || _send.HasSendable(_congestion.WindowBytes)));

    /// <summary>Writes the next frame to send: destination, source, 802.1Q tag (none without a VLAN), EtherType, payload.</summary>
    /// <param name="now">The owner's time.</param>
    /// <param name="into">At least the MTU and 18 bytes.</param>
    /// <param name="written">Bytes written.</param>
    /// <returns>False when there is nothing to send now.</returns>
    public bool TryTakeFrame(Instant now, Span<byte> into, out int written)
    {
        var ethernet = EthernetHeader.Bytes(Options.Vlan);
        var outer = _stages.Enter(Stage.Link);
        var length = WriteFrame(now, into[ethernet..]);
        _stages.Leave(outer);
        if (length == 0)
        {
            written = 0;
            return false;
        }

        EthernetHeader.Write(into, Options.Peer, Options.Local, Options.Vlan, Options.EtherType);
        written = ethernet + length;
        Counters.FramesSent++;
        Counters.BytesSent += written;
        return true;
    }

    /// <returns>Bytes from the header to the tag, 0 when there is nothing to send.</returns>
    private int WriteFrame(Instant now, Span<byte> into)
    {
        if (_resetDue)
        {
            _resetDue = false;
            return WriteBare(_ended!, FrameType.Reset, now, into);
        }

        if (_responder is { FrameDue: true } responder)
        {
            return responder.Write(Epoch, into);
        }

        if (_initiator is { } initiator)
        {
            if (initiator.FrameDue)
            {
                return initiator.Write(into);
            }

            if (initiator is { ConfirmDue: true, Candidate: { } candidate })
            {
                initiator.ConfirmDue = false;
                return WriteBare(candidate, FrameType.Data, now, into);
            }
        }

        return State == LinkState.Up ? WriteData(_session!, now, into) : 0;
    }

    /// <summary>RESET, or the DATA that confirms an epoch and its MTU.</summary>
    private int WriteBare(Session session, FrameType type, Instant now, Span<byte> into)
    {
        var number = session.TakeFrameNumber(now);
        var records = type == FrameType.Data ? RecordView.WriteMtu(into[FrameLayout.Bytes..], session.MtuBytes) : 0;
        var length = FrameLayout.Bytes + records + session.Seal.TagBytes;
        var header = new FrameHeader
        {
            Type = type,
            Flags = FormFlag,
            Length = (ushort)length,
            Epoch = session.Epoch,
            Timestamp = Microseconds(now),
            FrameNumber = number,
        };
        header.Write(into);
        session.Seal.Close(header.Path, number, into[..length]);
        return length;
    }

    private int WriteData(Session session, Instant now, Span<byte> into)
    {
        DrainAside();
        var ackDue = _ack.IsDue(now);
        var signDue = now - _lastSent >= Options.KeepAlive;
        if (!ackDue && !signDue && _hintBytes == 0 && !_send.HasSendable(_congestion.WindowBytes))
        {
            return 0;
        }

        var tagBytes = session.Seal.TagBytes;
        var records = into[FrameLayout.Bytes..(FrameBytesMax - tagBytes)];
        var used = WriteCredits(records, always: signDue);
        used += WriteHint(records[used..]);
        var number = session.TakeFrameNumber(now);
        var timestamp = Microseconds(now);
        var wasIdle = !_send.HasUnacknowledged;
        var filled = _send.Fill(records[used..], number, timestamp, _congestion.WindowBytes);
        if (filled.Count > 0)
        {
            used += filled.Bytes;
            NoteSent(filled, wasIdle, now);
        }

        var length = FrameLayout.Bytes + used + tagBytes;
        WriteHeader(session, filled.First, number, length, now, into);
        session.Seal.Close(0, number, into[..length]);
        _ack.OnSent();
        _lastSent = now;
        return length;
    }

    private void NoteSent(in Windows.FilledRecords filled, bool wasIdle, Instant now)
    {
        Counters.FramesRetransmitted += filled.Again ? 1 : 0;
        if (wasIdle)
        {
            _lastProgress = now;
        }

        if (wasIdle || _retransmitAt == Instant.Never)
        {
            _retransmitAt = now + _rtt.Timeout;
        }
    }

    /// <summary>
    /// Credits go with every frame that has news of them. What is granted anew was delivered, so the frame that acknowledges it carries them
    /// too: where one is lost the peer sends again, and we tell it again.
    /// </summary>
    private int WriteCredits(Span<byte> into, bool always)
    {
        if (!always && !_ledger.HasNews && !_ack.IsHurried)
        {
            return 0;
        }

        RecordView.WritePrefix(into, RecordKind.Credits, 0, CreditSet.Bytes);
        _ledger.Granted.Write(into[RecordLayout.Bytes..]);
        _ledger.OnAdvertised();
        return CreditRecordLayout.Bytes;
    }

    private int WriteHint(Span<byte> into)
    {
        if (_hintBytes == 0)
        {
            return 0;
        }

        RecordView.WritePrefix(into, RecordKind.Hint, 0, _hintBytes);
        _hint.AsSpan(0, _hintBytes).CopyTo(into[RecordLayout.Bytes..]);
        var bytes = RecordLayout.Bytes + _hintBytes;
        _hintBytes = 0;
        return bytes;
    }

    private void WriteHeader(Session session, ulong sequence, ulong number, int length, Instant now, Span<byte> into)
    {
        var hasEcho = _echoFrame != 0;
        var waited = hasEcho ? (now - _echoAt).Ticks / TimeSpan.TicksPerMicrosecond : 0;
        var header = new FrameHeader
        {
            Type = FrameType.Data,
            Flags = FormFlag | (hasEcho ? FrameFlags.Echo : FrameFlags.None),
            Length = (ushort)length,
            EchoDelay = waited < EchoDelayMax ? (ushort)waited : EchoDelayMax,
            Epoch = session.Epoch,
            Timestamp = Microseconds(now),
            FrameNumber = number,
            RecordSequence = sequence,
            Acknowledgement = _receive.Next,
            TimestampEcho = hasEcho ? _echoTimestamp : 0,
            FrameEcho = (uint)_echoFrame,
            SelectiveAck = (session.Peer.Features & LinkFeatures.SelectiveAck) != 0 ? _receive.Selective() : default,
        };
        header.Write(into);
    }

    private FrameFlags FormFlag => Options.Sealed ? FrameFlags.Sealed : FrameFlags.None;
}
