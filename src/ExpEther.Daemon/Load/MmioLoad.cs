using ExpEther.Core.Time;
using ExpEther.Linux.Time;
using ExpEther.RootComplex.Functions;

namespace ExpEther.Daemon.Load;

/// <summary>Reads one register of a function again and again, each read when the one before has ended: a CPU that waits for its load instruction.</summary>
internal sealed class MmioLoad(PciFunction function, int bar, ulong offset)
{
    public LatencyHistogram Latencies { get; } = new();

    /// <summary>A read was not answered; it ends the load.</summary>
    public bool HasFailed { get; private set; }

    public Instant StartedAt { get; private set; }

    public Instant EndedAt { get; private set; }

    public async Task RunAsync(TimeSpan duration)
    {
        StartedAt = EndedAt = MonotonicClock.Now;
        var until = StartedAt + duration;
        while (!HasFailed && EndedAt < until)
        {
            var started = EndedAt;
            HasFailed = (await function.Read32Async(bar, offset)).IsError;
            EndedAt = MonotonicClock.Now;
            if (!HasFailed)
            {
                Latencies.Record(EndedAt.Nanoseconds - started.Nanoseconds);
            }
        }
    }
}
