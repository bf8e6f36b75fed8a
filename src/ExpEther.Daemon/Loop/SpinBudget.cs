using ExpEther.Core.Time;

namespace ExpEther.Daemon.Loop;

/// <summary>
/// How long an idle loop spins before it sleeps. A sleep that ended soon would have been cheaper as spinning, so the budget grows; a
/// long one makes it shrink.
/// </summary>
internal sealed class SpinBudget
{
    private static readonly TimeSpan Least = TimeSpan.FromMicroseconds(LoopLimits.SpinMicrosecondsMin);
    private static readonly TimeSpan Most = TimeSpan.FromMicroseconds(LoopLimits.SpinMicrosecondsMax);

    public TimeSpan Current { get; private set; } = Most;

    public void OnSlept(TimeSpan slept)
    {
        if (slept <= Most * 2)
        {
            Current = Most;
        }
        else if (slept > Most * 10)
        {
            Current = Least;
        }
    }

    public bool IsOver(Instant idleSince, Instant now) => now - idleSince >= Current;
}
