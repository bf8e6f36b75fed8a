using System.Numerics;

namespace ExpEther.Backends.Queues;

/// <summary>
/// A bounded queue between one producing and one consuming thread, without locks. Each end owns its index and reads the other's; the
/// indices lie on cache lines of their own. A slot is written before the index that publishes it, and emptied before the index that
/// gives it back.
/// </summary>
internal sealed class SpscRing<T>
{
    private readonly T?[] _slots;
    private readonly int _mask;
    private SpscIndices _at;

    /// <param name="capacity">A power of two.</param>
    public SpscRing(int capacity)
    {
        Check.That(BitOperations.IsPow2(capacity));
        _slots = new T[capacity];
        _mask = capacity - 1;
    }

    public bool IsEmpty => Volatile.Read(ref _at.Head) == Volatile.Read(ref _at.Tail);

    /// <summary>The producer's end. False: full.</summary>
    public bool TryEnqueue(in T item)
    {
        var tail = _at.Tail;
        if (tail - Volatile.Read(ref _at.Head) > _mask)
        {
            return false;
        }

        _slots[tail & _mask] = item;
        Volatile.Write(ref _at.Tail, tail + 1);
        return true;
    }

    /// <summary>The consumer's end. False: empty.</summary>
    public bool TryDequeue(out T item)
    {
        var head = _at.Head;
        if (head == Volatile.Read(ref _at.Tail))
        {
            item = default!;
            return false;
        }

        item = _slots[head & _mask]!;
        _slots[head & _mask] = default;
        Volatile.Write(ref _at.Head, head + 1);
        return true;
    }
}
