using ExpEther.Core.Time;

namespace ExpEther.Linux.Time;

/// <summary><see cref="MonotonicClock"/> as an <see cref="IClock"/>.</summary>
public sealed class SystemClock : IClock
{
    public Instant Now => MonotonicClock.Now;
}
