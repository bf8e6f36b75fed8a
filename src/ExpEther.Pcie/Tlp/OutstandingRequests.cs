using ExpEther.Core.Time;

namespace ExpEther.Pcie.Tlp;

/// <summary>
/// Outstanding non-posted requests by requester ID and tag; bounded, and without allocation after it is made.
/// <para>
/// Theory: an entry is live from <see cref="TryAdd"/> until its final completion (<see cref="TryRemove"/>) or its deadline
/// (<see cref="TryExpire"/>). An expired one is quarantined: its tag stays taken, because the completion may still be under way and
/// would answer whoever used the tag next (PCIe 5.0 §2.2.6.2, §2.8). It is freed by the late final completion, or in bulk when none can
/// come any more: after a reset of the completer or the death of the link's epoch (<see cref="Release"/>, <see cref="Clear"/>).
/// Entries lie in slots; a hash of (RID, tag) chains them, and a binary heap orders the live ones by deadline.
/// </para>
/// </summary>
/// <typeparam name="T">What the owner keeps per request: whom to answer, bytes still to come, a generation.</typeparam>
public sealed class OutstandingRequests<T>
    where T : struct
{
    private const int None = -1;

    private readonly Slot[] _slots;
    private readonly int[] _buckets;
    private readonly int[] _heap;
    private int _heapCount;
    private int _free;

    /// <param name="capacity">Entries at most, live and quarantined together.</param>
    public OutstandingRequests(int capacity)
    {
        Check.That(capacity > 0);
        _slots = new Slot[capacity];
        _heap = new int[capacity];
        _buckets = new int[(int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)capacity)];
        Clear();
    }

    public int Capacity => _slots.Length;

    /// <summary>Entries held, quarantined ones included.</summary>
    public int Count { get; private set; }

    public int QuarantinedCount => Count - _heapCount;

    /// <summary>When <see cref="TryExpire"/> has something next; null when no live entry is held.</summary>
    public Instant? NextDeadline => _heapCount == 0 ? null : _slots[_heap[0]].Deadline;

    /// <returns>False: the table is full, or this requester ID and tag are in use (live or quarantined).</returns>
    public bool TryAdd(Rid rid, Tag tag, in T value, Instant deadline)
    {
        var key = KeyOf(rid, tag);
        if (_free == None || Find(key) != None)
        {
            return false;
        }

        var at = _free;
        ref var slot = ref _slots[at];
        _free = slot.Next;
        ref var bucket = ref _buckets[BucketOf(key)];
        slot = new Slot { Key = key, Value = value, Deadline = deadline, Next = bucket, IsUsed = true };
        bucket = at;
        Count++;
        _heapCount++;
        Place(at, _heapCount - 1);
        SiftUp(_heapCount - 1);
        return true;
    }

    public OutstandingState StateOf(Rid rid, Tag tag)
    {
        var at = Find(KeyOf(rid, tag));
        return at == None ? OutstandingState.None : _slots[at].HeapIndex == None ? OutstandingState.Quarantined : OutstandingState.Live;
    }

    /// <summary>A live entry's value.</summary>
    public bool TryGet(Rid rid, Tag tag, out T value)
    {
        var at = Find(KeyOf(rid, tag));
        var isLive = at != None && _slots[at].HeapIndex != None;
        value = isLive ? _slots[at].Value : default;
        return isLive;
    }

    /// <summary>Replaces a live entry's value: bytes still to come, say.</summary>
    public bool TryUpdate(Rid rid, Tag tag, in T value)
    {
        var at = Find(KeyOf(rid, tag));
        if (at == None || _slots[at].HeapIndex == None)
        {
            return false;
        }

        _slots[at].Value = value;
        return true;
    }

    /// <summary>The final completion came: the tag is free.</summary>
    /// <returns>True, with the value, when the entry was live; false when it was quarantined, or there was none.</returns>
    public bool TryRemove(Rid rid, Tag tag, out T value)
    {
        var at = Find(KeyOf(rid, tag));
        var isLive = at != None && _slots[at].HeapIndex != None;
        value = isLive ? _slots[at].Value : default;
        if (at != None)
        {
            Free(at);
        }

        return isLive;
    }

    /// <summary>Hands out one live entry whose deadline has come, earliest first, and quarantines it. Call until false.</summary>
    public bool TryExpire(Instant now, out Rid rid, out Tag tag, out T value)
    {
        if (_heapCount == 0 || _slots[_heap[0]].Deadline > now)
        {
            rid = default;
            tag = default;
            value = default;
            return false;
        }

        var at = _heap[0];
        HandOut(at, out rid, out tag, out value);
        LeaveHeap(at);
        return true;
    }

    /// <summary>
    /// Removes one live entry, earliest deadline first: its completer or its link is gone, and the owner answers it otherwise. Call until
    /// false; quarantined entries stay.
    /// </summary>
    public bool TryTakeLive(out Rid rid, out Tag tag, out T value)
    {
        if (_heapCount == 0)
        {
            rid = default;
            tag = default;
            value = default;
            return false;
        }

        var at = _heap[0];
        HandOut(at, out rid, out tag, out value);
        Free(at);
        return true;
    }

    /// <summary>The next live entry, in no particular order. Entries may be removed between two calls, and not added.</summary>
    /// <param name="cursor">0 at first.</param>
    /// <param name="rid">Its requester ID.</param>
    /// <param name="tag">Its tag.</param>
    /// <param name="value">What is kept for it.</param>
    /// <returns>False: there is no further one.</returns>
    public bool TryNextLive(ref int cursor, out Rid rid, out Tag tag, out T value)
    {
        while (cursor < _slots.Length)
        {
            var at = cursor++;
            if (_slots[at].IsUsed && _slots[at].HeapIndex != None)
            {
                HandOut(at, out rid, out tag, out value);
                return true;
            }
        }

        (rid, tag, value) = (default, default, default);
        return false;
    }

    /// <summary>Frees the tags whose completions are overdue: none comes any more.</summary>
    public void ReleaseQuarantined()
    {
        for (var at = 0; at < _slots.Length; at++)
        {
            if (_slots[at].IsUsed && _slots[at].HeapIndex == None)
            {
                Free(at);
            }
        }
    }

    /// <summary>Entries held for a requester ID, quarantined ones included. Looks at the whole table: not for the data path.</summary>
    public int CountOf(Rid rid)
    {
        var count = 0;
        foreach (ref readonly var slot in _slots.AsSpan())
        {
            count += slot.IsUsed && RidOf(slot.Key) == rid ? 1 : 0;
        }

        return count;
    }

    /// <summary>Frees everything held for a requester ID, quarantined tags included. Looks at the whole table.</summary>
    /// <returns>How many were freed.</returns>
    public int Release(Rid rid)
    {
        var released = 0;
        for (var at = 0; at < _slots.Length; at++)
        {
            if (_slots[at].IsUsed && RidOf(_slots[at].Key) == rid)
            {
                Free(at);
                released++;
            }
        }

        return released;
    }

    /// <summary>Frees everything.</summary>
    public void Clear()
    {
        Array.Fill(_buckets, None);
        for (var at = 0; at < _slots.Length; at++)
        {
            _slots[at] = new Slot { Next = at + 1 < _slots.Length ? at + 1 : None };
        }

        _free = 0;
        _heapCount = 0;
        Count = 0;
    }

    private static uint KeyOf(Rid rid, Tag tag) => ((uint)rid.Value << 16) | tag.Value;

    private static Rid RidOf(uint key) => new((ushort)(key >> 16));

    // Fibonacci hashing: tags count up, RIDs differ in few bits.
    private int BucketOf(uint key) => (int)((key * 0x9E3779B1U) >> 16) & (_buckets.Length - 1);

    private int Find(uint key)
    {
        var at = _buckets[BucketOf(key)];
        while (at != None && _slots[at].Key != key)
        {
            at = _slots[at].Next;
        }

        return at;
    }

    private void HandOut(int at, out Rid rid, out Tag tag, out T value)
    {
        ref readonly var slot = ref _slots[at];
        rid = RidOf(slot.Key);
        tag = new Tag((ushort)slot.Key);
        value = slot.Value;
    }

    private void Free(int at)
    {
        if (_slots[at].HeapIndex != None)
        {
            LeaveHeap(at);
        }

        ref var link = ref _buckets[BucketOf(_slots[at].Key)];
        while (link != at)
        {
            link = ref _slots[link].Next;
        }

        link = _slots[at].Next;
        _slots[at] = new Slot { Next = _free };
        _free = at;
        Count--;
    }

    private void LeaveHeap(int at)
    {
        var hole = _slots[at].HeapIndex;
        _slots[at].HeapIndex = None;
        _heapCount--;
        if (hole == _heapCount)
        {
            return;
        }

        Place(_heap[_heapCount], hole);
        SiftUp(hole);
        SiftDown(hole);
    }

    private void Place(int at, int index)
    {
        _heap[index] = at;
        _slots[at].HeapIndex = index;
    }

    private void SiftUp(int index)
    {
        var at = _heap[index];
        while (index > 0 && _slots[at].Deadline < _slots[_heap[(index - 1) / 2]].Deadline)
        {
            Place(_heap[(index - 1) / 2], index);
            index = (index - 1) / 2;
        }

        Place(at, index);
    }

    private void SiftDown(int index)
    {
        var at = _heap[index];
        while (true)
        {
            var child = (index * 2) + 1;
            if (child >= _heapCount)
            {
                break;
            }

            if (child + 1 < _heapCount && _slots[_heap[child + 1]].Deadline < _slots[_heap[child]].Deadline)
            {
                child++;
            }

            if (_slots[_heap[child]].Deadline >= _slots[at].Deadline)
            {
                break;
            }

            Place(_heap[child], index);
            index = child;
        }

        Place(at, index);
    }

    private struct Slot
    {
        public uint Key;
        public T Value;
        public Instant Deadline;
        public int Next;
        public int HeapIndex;
        public bool IsUsed;
    }
}
