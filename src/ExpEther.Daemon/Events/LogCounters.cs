namespace ExpEther.Daemon.Events;

/// <summary>What became of a daemon's log lines. Counted by the thread that writes them and those that report, read by the owner's.</summary>
public sealed class LogCounters
{
    private long _lines;
    private long _linesLost;
    private long _repeatsKeptBack;

    public long Lines => Volatile.Read(ref _lines);

    /// <summary>Lines that could not be written, or found the queue full since the log's reader does not read.</summary>
    public long LinesLost => Volatile.Read(ref _linesLost);

    /// <summary>Errors not told again because they had just been told.</summary>
    public long RepeatsKeptBack => Volatile.Read(ref _repeatsKeptBack);

    internal void OnWritten() => Interlocked.Increment(ref _lines);

    internal void OnLost() => Interlocked.Increment(ref _linesLost);

    internal void OnKeptBack() => Interlocked.Increment(ref _repeatsKeptBack);
}
