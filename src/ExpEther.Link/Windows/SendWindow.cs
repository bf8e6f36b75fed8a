using ExpEther.Link.Wire;

namespace ExpEther.Link.Windows;

/// <summary>
/// Sequenced records from the moment their order is fixed until the peer has them. Their bytes lie in a ring, each in one piece, written
/// there once; frames are filled from it, the first time and again.
/// <para>
/// [_unacknowledged, _next) have been sent at least once, [_next, _end) wait. A record sent is InFlight until it is Acknowledged
/// (cumulatively or selectively) or Lost. It counts as lost when the peer has, by FrameEcho, taken in a frame sent
/// <see cref="LinkLimits.ReorderThresholdFrames"/> frames or the reordering time after the one that carried it last, and has not acknowledged
/// it; or when the retransmission timeout ran out for the oldest one. Since every transmission has a frame number of its own, an
/// acknowledgement of an earlier transmission is not taken for one of a later.
/// </para>
/// </summary>
internal sealed class SendWindow
{
    /// <summary>A record that ends beyond this was in a frame longer than <see cref="LinkLimits.MtuBytesMin"/>, which not every path carries.</summary>
    private const int SmallFrameRecordBytes = LinkLimits.MtuBytesMin - FrameLayout.Bytes - Crc32C.Bytes;

    private readonly byte[] _ring = new byte[LinkLimits.SendRingBytes];
    private readonly SendRecord[] _records = new SendRecord[LinkLimits.SendRecordsMax];
    private ulong _unacknowledged;
    private ulong _next;
    private ulong _end;
    private int _head;
    private int _lost;
    private ulong _lostFrom;
    private int _sentAgain;
    private int _peerWindow;

    public int InFlightBytes { get; private set; }

    /// <summary>
    /// The most often that one record was lost in frames longer than <see cref="LinkLimits.MtuBytesMin"/>, while later frames arrived, since
    /// a record in such a frame was acknowledged.
    /// </summary>
    public int LargeLosses { get; private set; }

    /// <summary>Sequence of the next record that will be sent for the first time.</summary>
    public ulong Next => _next;

    public ulong Oldest => _unacknowledged;

    public bool HasUnacknowledged => _next != _unacknowledged;

    public bool IsEmpty => _end == _unacknowledged;

    public int Records => (int)(_end - _unacknowledged);

    public void Reset(int peerWindowRecords)
    {
        _unacknowledged = _next = _end = _lostFrom = 0;
        _head = _lost = _sentAgain = InFlightBytes = LargeLosses = 0;
        _peerWindow = Math.Min(peerWindowRecords, LinkLimits.SendRecordsMax);
    }

    /// <summary>Is there room for records of this many bytes together and this many in number?</summary>
    public bool HasRoom(int bytes, int records) => Records + records <= LinkLimits.SendRecordsMax && Place(bytes) >= 0;

    /// <summary>Queues a record. The caller writes it into the span returned; its order is fixed now.</summary>
    /// <param name="bytes">Of the whole record; <see cref="HasRoom"/> must have said so.</param>
    public Span<byte> Append(int bytes)
    {
        var offset = Place(bytes);
        Check.That(offset >= 0 && Records < LinkLimits.SendRecordsMax);
        ref var record = ref At(_end);
        record.Offset = offset;
        record.Length = bytes;
        record.LargeLosses = 0;
        record.State = SendRecordState.Queued;
        _end++;
        _head = offset + bytes;
        return _ring.AsSpan(offset, bytes);
    }

    /// <summary>Would <see cref="Fill"/> put anything into a frame?</summary>
    public bool HasSendable(int windowBytes) => _lost > 0 || (_next != _end && MaySendNew(windowBytes));

    /// <summary>Copies as many records as fit into a frame: lost ones first, then new ones.</summary>
    public FilledRecords Fill(Span<byte> into, ulong frame, uint timestamp, int windowBytes)
    {
        var sequence = _lost > 0 ? FirstLost() : _next;
        var first = sequence;
        var bytes = 0;
        var again = false;
        while (sequence != _end)
        {
            ref var record = ref At(sequence);
            if (record.Length > into.Length - bytes)
            {
                break;
            }

            if (record.State == SendRecordState.Lost)
            {
                _lost--;
                again = true;
                _sentAgain++;
            }
            else if (record.State != SendRecordState.Queued || !MaySendNew(windowBytes))
            {
                break;
            }
            else
            {
                _next++;
            }

            _ring.AsSpan(record.Offset, record.Length).CopyTo(into[bytes..]);
            bytes += record.Length;
            record.State = SendRecordState.InFlight;
            record.Frame = frame;
            record.EndInFrame = bytes;
            record.Timestamp = timestamp;
            InFlightBytes += record.Length;
            sequence++;
        }

        return new FilledRecords(first, (int)(sequence - first), bytes, again);
    }

    /// <summary>Takes an acknowledgement in.</summary>
    /// <returns>Bytes newly acknowledged, or -1 when it acknowledges what was never sent.</returns>
    public int OnAcknowledged(ulong acknowledgement, in SelectiveAck selective)
    {
        if (acknowledgement > _next)
        {
            return -1;
        }

        var bytes = 0;
        while (_unacknowledged < acknowledgement)
        {
            bytes += Acknowledge(_unacknowledged);
            _unacknowledged++;
        }

        if (_unacknowledged == _next)
        {
            _sentAgain = 0;
            LargeLosses = 0;
        }

        for (var i = 0; i < SelectiveAck.Ranges && selective[i].Count > 0; i++)
        {
            var from = acknowledgement + selective[i].Offset;
            var to = from + selective[i].Count;
            if (to > _next)
            {
                return -1;
            }

            for (var sequence = Math.Max(from, _unacknowledged); sequence < to; sequence++)
            {
                bytes += Acknowledge(sequence);
            }
        }

        return bytes;
    }

    /// <summary>Finds records lost from what the peer has taken in instead.</summary>
    /// <param name="highestFrame">The highest of our frame numbers that the peer has.</param>
    /// <param name="timestamp">That frame's timestamp.</param>
    /// <param name="reorderMicroseconds">How much earlier a frame must have been sent to count as lost.</param>
    /// <param name="selective">The acknowledgement that came with it.</param>
    /// <param name="acknowledgement">Its base.</param>
    /// <returns>Bytes lost.</returns>
    public int DetectLoss(ulong highestFrame, uint timestamp, int reorderMicroseconds, ulong acknowledgement, in SelectiveAck selective)
    {
        if (_unacknowledged == _next)
        {
            return 0;
        }

        // Nothing sent again and nothing missing in between: frames and sequences run in parallel, so the oldest record speaks for all.
        if (_sentAgain == 0 && selective.First.Count == 0 && !IsOvertaken(At(_unacknowledged), highestFrame, timestamp, reorderMicroseconds))
        {
            return 0;
        }

        // Where four ranges were not enough, nothing is known of what lies behind them.
        var last = selective.Fourth;
        var end = last.Count > 0 ? Math.Min(_next, acknowledgement + last.Offset + last.Count) : _next;
        var bytes = 0;
        for (var sequence = _unacknowledged; sequence < end; sequence++)
        {
            ref var record = ref At(sequence);
            if (record.State == SendRecordState.InFlight && IsOvertaken(record, highestFrame, timestamp, reorderMicroseconds))
            {
                bytes += record.Length;
                MarkLost(ref record, sequence, isOvertaken: true);
            }
        }

        return bytes;
    }

    /// <summary>The retransmission timeout: what the oldest frame carried goes out again, as a probe.</summary>
    /// <param name="highestFrame">The highest of our frame numbers that the peer has.</param>
    public void OnTimeout(ulong highestFrame)
    {
        var sequence = _unacknowledged;
        while (sequence < _next && At(sequence).State != SendRecordState.InFlight)
        {
            sequence++;
        }

        if (sequence == _next)
        {
            return;
        }

        var frame = At(sequence).Frame;
        for (; sequence < _next; sequence++)
        {
            ref var record = ref At(sequence);
            if (record.State != SendRecordState.InFlight || record.Frame != frame)
            {
                break;
            }

            MarkLost(ref record, sequence, frame < highestFrame);
        }
    }

    private static bool IsOvertaken(in SendRecord record, ulong highestFrame, uint timestamp, int reorderMicroseconds) =>
        record.Frame < highestFrame
        && (record.Frame + LinkLimits.ReorderThresholdFrames <= highestFrame || (int)(timestamp - record.Timestamp) >= reorderMicroseconds);

    private int Acknowledge(ulong sequence)
    {
        ref var record = ref At(sequence);
        switch (record.State)
        {
            case SendRecordState.InFlight:
                InFlightBytes -= record.Length;
                break;
            case SendRecordState.Lost:
                _lost--;
                break;
            default:
                return 0;
        }

        if (record.EndInFrame > SmallFrameRecordBytes)
        {
            LargeLosses = 0;
        }

        record.State = SendRecordState.Acknowledged;
        return record.Length;
    }

    private void MarkLost(ref SendRecord record, ulong sequence, bool isOvertaken)
    {
        if (isOvertaken && record.EndInFrame > SmallFrameRecordBytes)
        {
            record.LargeLosses = (byte)Math.Min(record.LargeLosses + 1, byte.MaxValue);
            LargeLosses = Math.Max(LargeLosses, record.LargeLosses);
        }

        record.State = SendRecordState.Lost;
        InFlightBytes -= record.Length;
        _lostFrom = _lost == 0 ? sequence : Math.Min(_lostFrom, sequence);
        _lost++;
    }

    private ulong FirstLost()
    {
        var sequence = Math.Max(_lostFrom, _unacknowledged);
        while (At(sequence).State != SendRecordState.Lost)
        {
            sequence++;
            Check.That(sequence < _next);
        }

        _lostFrom = sequence;
        return sequence;
    }

    private bool MaySendNew(int windowBytes) =>
        (int)(_next - _unacknowledged) < _peerWindow && (InFlightBytes == 0 || InFlightBytes + At(_next).Length <= windowBytes);

    /// <summary>Where in the ring a record of this length would lie, or -1. Records never wrap; head and tail meet only when empty.</summary>
    private int Place(int bytes)
    {
        if (IsEmpty)
        {
            return bytes <= _ring.Length ? 0 : -1;
        }

        var tail = At(_unacknowledged).Offset;
        if (_head > tail)
        {
            return bytes <= _ring.Length - _head ? _head : bytes < tail ? 0 : -1;
        }

        return bytes < tail - _head ? _head : -1;
    }

    private ref SendRecord At(ulong sequence) => ref _records[(int)(sequence % LinkLimits.SendRecordsMax)];
}
