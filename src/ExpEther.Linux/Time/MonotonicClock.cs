using System.Diagnostics;
using ExpEther.Core.Time;

namespace ExpEther.Linux.Time;

/// <summary>CLOCK_MONOTONIC as <see cref="Instant"/>s. The same origin for all processes of a machine since its boot.</summary>
public static class MonotonicClock
{
    // .NET's Stopwatch reads CLOCK_MONOTONIC in nanoseconds on Linux; a runtime that does not would give wrong times, so it is checked.
    static MonotonicClock() => Check.That(Stopwatch.Frequency == 1_000_000_000);

    public static Instant Now => new(Stopwatch.GetTimestamp());
}
