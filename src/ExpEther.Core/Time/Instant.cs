namespace ExpEther.Core.Time;

/// <summary>
/// A point on a monotonic time line, in nanoseconds since an origin that the owner loop (or the simulator) chooses.
/// The pure projects never read a clock: every entry point is handed the instant at which it runs.
/// </summary>
public readonly record struct Instant(long Nanoseconds) : IComparable<Instant>
{
    public static readonly Instant Zero;

    public static readonly Instant Never = new(long.MaxValue);

    public int CompareTo(Instant other) => Nanoseconds.CompareTo(other.Nanoseconds);

    public static bool operator <(Instant a, Instant b) => a.Nanoseconds < b.Nanoseconds;

    public static bool operator >(Instant a, Instant b) => a.Nanoseconds > b.Nanoseconds;

    public static bool operator <=(Instant a, Instant b) => a.Nanoseconds <= b.Nanoseconds;

    public static bool operator >=(Instant a, Instant b) => a.Nanoseconds >= b.Nanoseconds;

    public static Instant operator +(Instant at, TimeSpan by) => new(at.Nanoseconds + (by.Ticks * TimeSpan.NanosecondsPerTick));

    public static Instant operator -(Instant at, TimeSpan by) => new(at.Nanoseconds - (by.Ticks * TimeSpan.NanosecondsPerTick));

    /// <summary>The span from <paramref name="b"/> to <paramref name="a"/>; 100 ns resolution.</summary>
    public static TimeSpan operator -(Instant a, Instant b) => new((a.Nanoseconds - b.Nanoseconds) / TimeSpan.NanosecondsPerTick);

    public static Instant Min(Instant a, Instant b) => a < b ? a : b;

    /// <summary>The earlier of two optional deadlines; null means "none".</summary>
    public static Instant? Earliest(Instant? a, Instant? b) => a is null ? b : b is null ? a : Min(a.Value, b.Value);

    public override string ToString() => $"{Nanoseconds / 1e9:F6}s";
}
