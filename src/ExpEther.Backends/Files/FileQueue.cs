using ExpEther.Linux;
using ExpEther.Linux.Files;
using ExpEther.Linux.Polling;
using ExpEther.Nvme.Backends;

namespace ExpEther.Backends.Files;

/// <summary>
/// A file's requests between their owner and the engine that carries them out.
/// <para>
/// Theory. Requests start in the order in which they came, as many at once as the engine can. One that overlaps a running one waits, and
/// with it those behind it, if either changes blocks: NVMe wants a block whole (NVMe 1.4 §6.4), and neither pwrite(2) nor a disk gives that
/// to a reader of the same block. Otherwise they end in any order. A flush waits for nothing: it covers what had completed before it.
/// A file is used past the page cache or through it, never both ways: the two see each other's writes only by pages, and a page that one of
/// them has read would be written back over what the other wrote beside it. Memory that direct I/O cannot use is bounced instead.
/// </para>
/// </summary>
internal sealed class FileQueue : IDisposable
{
    private readonly IFileEngine _engine;
    private readonly BlockRequest[] _waiting = new BlockRequest[BackendLimits.RequestsMax];
    private readonly BlockRequest[] _running;
    private readonly bool[] _isRunning;
    private readonly int[] _free;
    private readonly Queue<BlockCompletion> _refused = new(BackendLimits.RequestsMax);
    private int _freeCount;
    private int _first;
    private int _count;
    private int _changing;

    public FileQueue(IFileEngine engine)
    {
        _engine = engine;
        _running = new BlockRequest[engine.Depth];
        _isRunning = new bool[engine.Depth];
        _free = new int[engine.Depth];
        for (var slot = engine.Depth - 1; slot >= 0; slot--)
        {
            _free[_freeCount++] = slot;
        }
    }

    public int PollFileDescriptor => _engine.PollFileDescriptor;

    private bool IsFull => _count + RunningCount + _refused.Count == BackendLimits.RequestsMax;

    private int RunningCount => _running.Length - _freeCount;

    /// <summary>Whether a transfer's memory is none that direct I/O can use.</summary>
    public static bool MustBounce(in BlockRequest request, BlockFile file) =>
        file.IsDirect && !AlignedBuffer.IsAligned(request.Buffer.Span, file.Direct.MemoryBytes);

    /// <summary>Ends a request that cannot be carried out.</summary>
    /// <returns>False: as many requests as allowed are in hand.</returns>
    public bool TryRefuse(in BlockRequest request, Errno why)
    {
        if (IsFull)
        {
            return false;
        }

        _refused.Enqueue(new BlockCompletion(request.Cookie, (int)why));
        return true;
    }

    /// <summary>False: as many requests as allowed are in hand.</summary>
    public bool TrySubmit(in BlockRequest request)
    {
        if (IsFull)
        {
            return false;
        }

        _waiting[(_first + _count) % _waiting.Length] = request;
        _count++;
        StartWaiting();
        return true;
    }

    public bool TryTakeCompletion(out BlockCompletion completion)
    {
        if (!_engine.TryTake(out var slot, out var error))
        {
            return _refused.TryDequeue(out completion);
        }

        completion = new BlockCompletion(_running[slot].Cookie, (int)error);
        _changing -= Changes(_running[slot]) ? 1 : 0;
        _running[slot] = default;
        _isRunning[slot] = false;
        _free[_freeCount++] = slot;
        StartWaiting();
        return true;
    }

    /// <summary>Finishes what was submitted, then ends the engine.</summary>
    public void Dispose()
    {
        var poller = new Poller();
        poller.Add(PollFileDescriptor, PollEvents.Readable);
        _refused.Clear();
        while (RunningCount > 0)
        {
            if (!TryTakeCompletion(out _))
            {
                poller.Wait((long?)null);
            }
        }

        _engine.Dispose();
    }

    private static bool Changes(in BlockRequest request) => request.Operation is not (BlockOperation.Read or BlockOperation.Flush);

    private void StartWaiting()
    {
        while (_count > 0 && _freeCount > 0 && !MustWait(_waiting[_first]) && _engine.CanStart(_waiting[_first]))
        {
            var slot = _free[--_freeCount];
            ref var next = ref _waiting[_first];
            _changing += Changes(next) ? 1 : 0;
            _running[slot] = next;
            _isRunning[slot] = true;
            _engine.Start(slot, next);
            next = default;
            _first = (_first + 1) % _waiting.Length;
            _count--;
        }
    }

    private bool MustWait(in BlockRequest next)
    {
        var changes = Changes(next);
        if (next.Operation == BlockOperation.Flush || (!changes && _changing == 0))
        {
            return false;
        }

        for (var slot = 0; slot < _running.Length; slot++)
        {
            ref var other = ref _running[slot];
            if (_isRunning[slot] && (changes || Changes(other)) && next.OffsetBytes < other.OffsetBytes + other.Bytes
                && other.OffsetBytes < next.OffsetBytes + next.Bytes)
            {
                return true;
            }
        }

        return false;
    }
}
