using ExpEther.Backends.Queues;
using ExpEther.Linux.Polling;
using ExpEther.Nvme.Backends;

namespace ExpEther.Backends.Files;

/// <summary>
/// The thread that does a file's blocking calls, between two SPSC rings.
/// <para>
/// Theory. The owner enqueues requests and dequeues completions and never waits; the worker does the opposite, one request after the
/// other, so a flush comes after every write submitted before it. Both ends may sleep, each after announcing it and looking once more
/// (announce, fence, look), so no wake-up is lost: the worker announces <c>_workerSleeps</c> and waits on its event; the owner
/// announces <c>_ownerSleeps</c> whenever it finds no completion, and is woken through <see cref="PollFileDescriptor"/> at most once
/// for each time it found none. The worker spins for a moment before it sleeps: a wake-up across cores costs about 50 µs.
/// </para>
/// <para>
/// The seam: everything above is behind <see cref="TrySubmit"/>, <see cref="TryTakeCompletion"/> and the descriptor. An io_uring that
/// the owner fills and polls itself takes this class's place, and gives parallel requests to one file, without a change elsewhere.
/// </para>
/// </summary>
internal sealed class FileWorker : IDisposable
{
    private const int SpinsMax = 2000;
    private const int SpinsPerLook = 20;

    private readonly SpscRing<BlockRequest> _requests = new(BackendLimits.RequestsMax);
    private readonly SpscRing<BlockCompletion> _completions = new(BackendLimits.RequestsMax);
    private readonly EventFd _workerWake = new();
    private readonly EventFd _ownerWake = new();
    private readonly FileOperations _operations;
    private readonly Thread _thread;
    private int _workerSleeps;
    private int _ownerSleeps;
    private int _ownerWoken;
    private int _inFlight;
    private volatile bool _isStopped;

    public FileWorker(FileOperations operations, string name)
    {
        _operations = operations;
        _thread = new Thread(Work) { Name = $"file {name}", IsBackground = true };
        _thread.Start();
    }

    /// <summary>Readable when completions came after <see cref="TryTakeCompletion"/> had found none.</summary>
    public int PollFileDescriptor => _ownerWake.FileDescriptor;

    /// <summary>The owner's thread. False: as many requests as allowed are in flight.</summary>
    public bool TrySubmit(in BlockRequest request)
    {
        // Counting until the completion is taken keeps room for it in the completion ring.
        if (_inFlight == BackendLimits.RequestsMax)
        {
            return false;
        }

        _inFlight++;
        Check.That(_requests.TryEnqueue(request));
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _workerSleeps) != 0)
        {
            _workerWake.Set();
        }

        return true;
    }

    /// <summary>The owner's thread.</summary>
    public bool TryTakeCompletion(out BlockCompletion completion)
    {
        if (Volatile.Read(ref _ownerWoken) != 0)
        {
            // Cleared before the ring is looked at: what completes later sets it anew.
            Volatile.Write(ref _ownerWoken, 0);
            _ownerWake.Clear();
        }

        if (!_completions.TryDequeue(out completion))
        {
            if (_inFlight == 0 || Volatile.Read(ref _ownerSleeps) != 0)
            {
                return false;
            }

            Volatile.Write(ref _ownerSleeps, 1);
            Interlocked.MemoryBarrier();
            if (!_completions.TryDequeue(out completion))
            {
                return false;
            }
        }

        _inFlight--;
        return true;
    }

    /// <summary>Finishes what was submitted, then ends the thread.</summary>
    public void Dispose()
    {
        _isStopped = true;
        _workerWake.Set();
        _thread.Join();
        _workerWake.Dispose();
        _ownerWake.Dispose();
    }

    private void Work()
    {
        var poller = new Poller();
        poller.Add(_workerWake.FileDescriptor, PollEvents.Readable);
        while (true)
        {
            if (_requests.TryDequeue(out var request))
            {
                Complete(request);
            }
            else if (_isStopped)
            {
                return;
            }
            else if (!Spin())
            {
                Sleep(poller);
            }
        }
    }

    private void Complete(in BlockRequest request)
    {
        var error = _operations.Execute(request);
        Check.That(_completions.TryEnqueue(new BlockCompletion(request.Cookie, (int)error)));
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _ownerSleeps) != 0)
        {
            Volatile.Write(ref _ownerSleeps, 0);
            _ownerWake.Set();
            Volatile.Write(ref _ownerWoken, 1);
        }
    }

    private bool Spin()
    {
        for (var i = 0; i < SpinsMax; i += SpinsPerLook)
        {
            if (!_requests.IsEmpty)
            {
                return true;
            }

            Thread.SpinWait(SpinsPerLook);
        }

        return false;
    }

    private void Sleep(Poller poller)
    {
        Volatile.Write(ref _workerSleeps, 1);
        Interlocked.MemoryBarrier();
        if (_requests.IsEmpty && !_isStopped)
        {
            poller.Wait((long?)null);
        }

        Volatile.Write(ref _workerSleeps, 0);
        _workerWake.Clear();
    }
}
