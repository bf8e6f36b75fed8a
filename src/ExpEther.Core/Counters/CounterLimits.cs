namespace ExpEther.Core.Counters;

/// <summary>How often counters are published.</summary>
public static class CounterLimits
{
    /// <summary>A loop that works publishes this often: numbers are never older than that, and publishing stays far below 1 % of the time.</summary>
    public const int PublishMilliseconds = 100;

    /// <summary>A loop that has nothing to do publishes this often, as a sign of life.</summary>
    public const int HeartbeatMilliseconds = 250;
}
