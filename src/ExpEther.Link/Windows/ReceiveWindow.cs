using ExpEther.Link.Wire;

namespace ExpEther.Link.Windows;

/// <summary>
/// What has come in. Records in order never stop here: they are delivered from the frame they came in. Only a frame that came before an
/// earlier one is copied into a slot; its records are found by sequence and handed out as the gap before them closes. A retransmission may
/// cut the records into frames differently than the first time, so presence is kept per record, not per frame.
/// </summary>
internal sealed class ReceiveWindow
{
    private const int Empty = -1;

    private readonly int _slotBytes;
    private readonly byte[] _frames;
    private readonly int[] _liveInSlot = new int[LinkLimits.ReorderFramesMax];
    private readonly int[] _freeSlots = new int[LinkLimits.ReorderFramesMax];
    private readonly int[] _slotOf = new int[LinkLimits.ReceiveRecordsMax];
    private readonly int[] _offsetOf = new int[LinkLimits.ReceiveRecordsMax];
    private int _free;
    private int _stored;
    private ulong _highest;

    public ReceiveWindow(int mtuBytes)
    {
        _slotBytes = mtuBytes - FrameLayout.Bytes;
        _frames = new byte[(long)_slotBytes * LinkLimits.ReorderFramesMax];
        Reset();
    }

    /// <summary>The first record that has not come in: the acknowledgement.</summary>
    public ulong Next { get; private set; }

    public void Reset()
    {
        Next = 0;
        _stored = 0;
        _highest = 0;
        _slotOf.AsSpan().Fill(Empty);
        _liveInSlot.AsSpan().Clear();
        _free = _freeSlots.Length;
        for (var i = 0; i < _free; i++)
        {
            _freeSlots[i] = i;
        }
    }

    /// <summary>Is [first, first + count) within what may come?</summary>
    public bool IsInWindow(ulong first, int count) =>
        first < Next ? Next - first < ulong.MaxValue / 2 : first - Next + (ulong)count <= LinkLimits.ReceiveRecordsMax;

    /// <summary>The record <see cref="Next"/> is being delivered from its own frame.</summary>
    public void Advance()
    {
        Drop(Next);
        Next++;
    }

    /// <summary>Keeps a frame's records for later.</summary>
    /// <param name="first">Sequence of its first sequenced record; above <see cref="Next"/>.</param>
    /// <param name="count">How many it has.</param>
    /// <param name="records">Checked records.</param>
    /// <returns>How many were new; -1 when there is no slot for them.</returns>
    public int Store(ulong first, int count, ReadOnlySpan<byte> records)
    {
        var missing = 0;
        for (var i = 0; i < count; i++)
        {
            missing += _slotOf[Index(first + (ulong)i)] == Empty ? 1 : 0;
        }

        if (missing == 0)
        {
            return 0;
        }

        if (_free == 0)
        {
            return -1;
        }

        var slot = _freeSlots[--_free];
        records.CopyTo(_frames.AsSpan(slot * _slotBytes, _slotBytes));
        var rest = records;
        var sequence = first;
        while (rest.Length > 0)
        {
            var offset = records.Length - rest.Length;
            Check.That(RecordView.TryRead(ref rest, out var record));
            if (!record.IsSequenced)
            {
                continue;
            }

            var index = Index(sequence++);
            if (_slotOf[index] == Empty)
            {
                _slotOf[index] = slot;
                _offsetOf[index] = offset;
            }
        }

        _liveInSlot[slot] = missing;
        _stored += missing;
        _highest = Math.Max(_highest, first + (ulong)count);
        return missing;
    }

    /// <summary>Hands out the record <see cref="Next"/> if it has come in early, and moves on.</summary>
    /// <param name="record">Valid until the next <see cref="Store"/>.</param>
    public bool TryTake(out RecordView record)
    {
        record = default;
        var index = Index(Next);
        if (_stored == 0 || _slotOf[index] == Empty)
        {
            return false;
        }

        ReadOnlySpan<byte> from = _frames.AsSpan((_slotOf[index] * _slotBytes) + _offsetOf[index], _slotBytes - _offsetOf[index]);
        Check.That(RecordView.TryRead(ref from, out record));
        Advance();
        return true;
    }

    /// <summary>The lowest ranges of records that came in beyond the gap.</summary>
    public SelectiveAck Selective()
    {
        if (_stored == 0)
        {
            return default;
        }

        Span<SackRange> ranges = stackalloc SackRange[SelectiveAck.Ranges];
        ranges.Clear();
        var used = 0;
        var sequence = Next + 1;
        while (used < ranges.Length && sequence < _highest)
        {
            if (_slotOf[Index(sequence)] == Empty)
            {
                sequence++;
                continue;
            }

            var from = sequence;
            while (sequence < _highest && _slotOf[Index(sequence)] != Empty)
            {
                sequence++;
            }

            ranges[used++] = new SackRange((ushort)(from - Next), (ushort)(sequence - from));
        }

        return new SelectiveAck(ranges[0], ranges[1], ranges[2], ranges[3]);
    }

    private static int Index(ulong sequence) => (int)(sequence % LinkLimits.ReceiveRecordsMax);

    private void Drop(ulong sequence)
    {
        var index = Index(sequence);
        var slot = _slotOf[index];
        if (slot == Empty)
        {
            return;
        }

        _slotOf[index] = Empty;
        _stored--;
        if (--_liveInSlot[slot] == 0)
        {
            _freeSlots[_free++] = slot;
        }
    }
}
