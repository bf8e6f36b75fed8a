using ExpEther.Core.Scheduling;
using ExpEther.Core.Time;
using ExpEther.Linux.Time;
using ExpEther.Nvme.Driver;
using ExpEther.RootComplex.Memory;

namespace ExpEther.Daemon.Load;

/// <summary>
/// Random reads of a namespace with so many in flight, each replaced at the moment it ends: what a disk's users do at their busiest, seen from
/// inside the host. Nothing is allocated per command, so what is measured is the path and not the generator.
/// </summary>
internal sealed class NvmeLoad
{
    private static readonly Action<NvmeResult, object?> Ended = static (result, flight) => ((Flight)flight!).OnEnded(result);

    private readonly NvmeDisk _disk;
    private readonly NvmeNamespace _target;
    private readonly OwnerScheduler _scheduler;
    private readonly SeededRandom _random;
    private readonly int _blocks;
    private readonly ulong _places;
    private readonly TaskCompletionSource _allEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Instant _until;
    private int _inFlight;

    /// <param name="disk">Whose queues are used.</param>
    /// <param name="target">Its namespace.</param>
    /// <param name="blockBytes">Of one read: whole blocks, not more than one command may move.</param>
    /// <param name="seed">Of the places read.</param>
    /// <param name="scheduler">The owner's.</param>
    public NvmeLoad(NvmeDisk disk, NvmeNamespace target, int blockBytes, ulong seed, OwnerScheduler scheduler)
    {
        _disk = disk;
        _target = target;
        _scheduler = scheduler;
        _random = new SeededRandom(seed);
        _blocks = blockBytes / target.BlockBytes;
        _places = target.Blocks / (ulong)_blocks;
        Check.That(_blocks > 0 && _places > 0);
    }

    public LatencyHistogram Latencies { get; } = new();

    /// <summary>The first command that failed; it ends the load.</summary>
    public NvmeResult? Failure { get; private set; }

    public Instant StartedAt { get; private set; }

    public Instant EndedAt { get; private set; }

    /// <summary>Runs until the time is over and every command has ended.</summary>
    public async Task RunAsync(IReadOnlyList<DmaBuffer> buffers, TimeSpan duration)
    {
        StartedAt = MonotonicClock.Now;
        _until = StartedAt + duration;
        _inFlight = buffers.Count;
        foreach (var buffer in buffers)
        {
            new Flight(this, buffer).Start();
        }

        await _allEnded.Task;
        EndedAt = MonotonicClock.Now;
    }

    private NvmeIo NextRead(DmaBuffer buffer)
    {
        var place = _random.NextUInt64() % _places;
        return new NvmeIo(NvmeIoOperation.Read, _target.Id, place * (ulong)_blocks, _blocks, buffer);
    }

    private void Land()
    {
        if (--_inFlight == 0)
        {
            _allEnded.SetResult();
        }
    }

    /// <summary>One command after the other, with one buffer.</summary>
    private sealed class Flight(NvmeLoad load, DmaBuffer buffer)
    {
        private Instant _started;

        public void Start()
        {
            _started = MonotonicClock.Now;
            if (!load._disk.TrySubmit(load.NextRead(buffer), Ended, this))
            {
                load._scheduler.Start(RetryAsync);
            }
        }

        public void OnEnded(NvmeResult result)
        {
            var now = MonotonicClock.Now;
            if (result.IsSuccess)
            {
                load.Latencies.Record(now.Nanoseconds - _started.Nanoseconds);
            }
            else
            {
                load.Failure ??= result;
            }

            if (load.Failure is null && now < load._until)
            {
                Start();
            }
            else
            {
                load.Land();
            }
        }

        private async Task RetryAsync()
        {
            await load._scheduler.Delay(TimeSpan.FromMilliseconds(LoadLimits.RetryMilliseconds));
            Start();
        }
    }
}
