using ExpEther.Backends.Queues;
using ExpEther.Linux.Polling;

namespace ExpEther.Backends.Files;

/// <summary>
/// A thread that does blocking calls on a file, between two SPSC rings.
/// <para>
/// Theory. The owner enqueues calls and dequeues their ends and never waits; the worker does the opposite, one call after the other. Both
/// may sleep, each after announcing it and looking once more (announce, fence, look), so no wake-up is lost: the worker announces
/// <c>_isAsleep</c> and waits on its event, the owner is woken by <see cref="OwnerWake"/>. The worker spins for a moment before it sleeps: a
/// wake-up across cores costs about 50 µs.
/// </para>
/// </summary>
internal sealed class FileWorker : IDisposable
{
    private const int SpinsMax = 2000;
    private const int SpinsPerLook = 20;

    private readonly SpscRing<FileCall> _calls = new(BackendLimits.RequestsPerWorkerMax);
    private readonly SpscRing<FileCallEnd> _ends = new(BackendLimits.RequestsPerWorkerMax);
    private readonly EventFd _wake = new();
    private readonly FileOperations _operations;
    private readonly OwnerWake _owner;
    private readonly Thread _thread;
    private int _isAsleep;
    private volatile bool _isStopped;

    public FileWorker(FileOperations operations, OwnerWake owner, string name)
    {
        _operations = operations;
        _owner = owner;
        _thread = new Thread(Work) { Name = $"file {name}", IsBackground = true };
        _thread.Start();
    }

    /// <summary>The owner's thread; never with more calls than the ring holds.</summary>
    public void Start(in FileCall call)
    {
        Check.That(_calls.TryEnqueue(call));
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _isAsleep) != 0)
        {
            _wake.Set();
        }
    }

    /// <summary>The owner's thread.</summary>
    public bool TryTake(out FileCallEnd end) => _ends.TryDequeue(out end);

    /// <summary>Finishes what was started, then ends the thread.</summary>
    public void Dispose()
    {
        _isStopped = true;
        _wake.Set();
        _thread.Join();
        _wake.Dispose();
    }

    private void Work()
    {
        var poller = new Poller();
        poller.Add(_wake.FileDescriptor, PollEvents.Readable);
        while (true)
        {
            if (_calls.TryDequeue(out var call))
            {
                Check.That(_ends.TryEnqueue(new FileCallEnd(call.Slot, _operations.Execute(call.Request))));
                _owner.Signal();
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

    private bool Spin()
    {
        for (var i = 0; i < SpinsMax; i += SpinsPerLook)
        {
            if (!_calls.IsEmpty)
            {
                return true;
            }

            Thread.SpinWait(SpinsPerLook);
        }

        return false;
    }

    private void Sleep(Poller poller)
    {
        Volatile.Write(ref _isAsleep, 1);
        Interlocked.MemoryBarrier();
        if (_calls.IsEmpty && !_isStopped)
        {
            poller.Wait((long?)null);
        }

        Volatile.Write(ref _isAsleep, 0);
        _wake.Clear();
    }
}
