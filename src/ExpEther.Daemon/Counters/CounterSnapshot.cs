using ExpEther.Core.Time;

namespace ExpEther.Daemon.Counters;

/// <summary>All of a page at one moment.</summary>
/// <param name="Path">Of the page.</param>
/// <param name="ProcessId">Of the daemon.</param>
/// <param name="IsRunning">Whether that daemon lives; it may still be stopped, or hang.</param>
/// <param name="Generation">Of the layout.</param>
/// <param name="Sequence">Of the snapshot within the layout.</param>
/// <param name="PublishedAt">When the values were read, of CLOCK_MONOTONIC.</param>
/// <param name="Overdue">Older than this, the daemon missed several of its signs of life.</param>
/// <param name="EntriesLeftOut">How many the daemon has that found no place.</param>
/// <param name="Values">In the page's order.</param>
public sealed record CounterSnapshot(
    string Path, int ProcessId, bool IsRunning, ulong Generation, ulong Sequence, Instant PublishedAt, TimeSpan Overdue, int EntriesLeftOut,
    IReadOnlyList<CounterValue> Values)
{
    public bool IsOverdue(Instant now) => now - PublishedAt > Overdue;
}
