using ExpEther.Core.Time;

namespace ExpEther.Ethernet.Switch;

/// <summary>
/// The frames that wait to leave a switch port, ordered by the instant at which they are due, then by arrival. Buffers are made as
/// they are first needed and used again. The frame handed out is held apart, so that frames queued meanwhile do not move it.
/// </summary>
internal sealed class EgressQueue(int frameBytesMax, int framesMax)
{
    private const int None = -1;

    private readonly PriorityQueue<int, (long Due, long Order)> _queue = new();
    private readonly List<byte[]> _buffers = [];
    private readonly List<int> _lengths = [];
    private readonly Stack<int> _free = new();
    private int _held = None;
    private long _order;

    public int Count => _queue.Count;

    /// <summary>When the first waiting frame is due; null when none waits, or while one is handed out: nothing can be taken before it is released.</summary>
    public Instant? NextDue => _held == None && _queue.TryPeek(out _, out var key) ? new Instant(key.Due) : null;

    /// <summary>A buffer for a frame of <paramref name="bytes"/>; false when the queue is full.</summary>
    public bool TryAdd(Instant due, int bytes, out Span<byte> frame)
    {
        Check.That(bytes <= frameBytesMax);
        if (_queue.Count >= framesMax)
        {
            frame = default;
            return false;
        }

        if (!_free.TryPop(out var slot))
        {
            slot = _buffers.Count;
            _buffers.Add(new byte[frameBytesMax]);
            _lengths.Add(0);
        }

        _lengths[slot] = bytes;
        _queue.Enqueue(slot, (due.Nanoseconds, _order++));
        frame = _buffers[slot].AsSpan(0, bytes);
        return true;
    }

    /// <summary>The next frame that is due; the same one again until <see cref="Release"/>.</summary>
    public bool TryTake(Instant now, out ReadOnlySpan<byte> frame)
    {
        if (_held == None)
        {
            if (!_queue.TryPeek(out _, out var key) || key.Due > now.Nanoseconds)
            {
                frame = default;
                return false;
            }

            _held = _queue.Dequeue();
        }

        frame = _buffers[_held].AsSpan(0, _lengths[_held]);
        return true;
    }

    /// <summary>The frame handed out has left. Returns its length in bytes.</summary>
    public int Release()
    {
        Check.That(_held != None);
        var bytes = _lengths[_held];
        _free.Push(_held);
        _held = None;
        return bytes;
    }

    /// <summary>Throws away what waits. Returns how many.</summary>
    public int Clear()
    {
        var count = 0;
        while (_queue.TryDequeue(out var slot, out _))
        {
            _free.Push(slot);
            count++;
        }

        return count;
    }
}
