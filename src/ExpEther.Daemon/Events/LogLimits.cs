namespace ExpEther.Daemon.Events;

/// <summary>What a log may cost.</summary>
public static class LogLimits
{
    /// <summary>Lines that wait for a slow reader of the log, in bytes; more are lost.</summary>
    public const int QueueBytesMax = 1 << 20;

    /// <summary>How long the end of a daemon waits for a slow reader of its log.</summary>
    public const int FinishMilliseconds = 1000;

    /// <summary>Different errors of which it is known when they were told last.</summary>
    public const int ErrorsKnownMax = 64;

    /// <summary>An error that repeats is told again after this, then after twice as long, and so on.</summary>
    public static readonly TimeSpan RepeatShortest = TimeSpan.FromSeconds(10);

    public static readonly TimeSpan RepeatLongest = TimeSpan.FromMinutes(10);
}
