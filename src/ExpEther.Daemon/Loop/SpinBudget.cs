using ExpEther.Core.Time;

namespace ExpEther.Daemon.Loop;

/// <summary>
/// How long an idle loop spins before it sleeps. A sleep that ended soon would have been cheaper as spinning, so the budget grows; a
/// long one makes it shrink.
/// <para>
/// A spinning loop offers its core now and then (sched_yield). When somebody took it for long, there are more threads than cores, and
/// whoever spins keeps the very peer from running that it waits for: then the loop sleeps at once, for a while, and is woken as soon as
/// there is something to do, which a thread that only yielded is not.
/// </para>
/// </summary>
internal sealed class SpinBudget
{
    private static readonly TimeSpan Least = TimeSpan.FromMicroseconds(LoopLimits.SpinMicrosecondsMin);
    private static readonly TimeSpan Most = TimeSpan.FromMicroseconds(LoopLimits.SpinMicrosecondsMax);
    private static readonly TimeSpan OfferInterval = TimeSpan.FromMicroseconds(LoopLimits.OfferMicroseconds);
    private static readonly TimeSpan Taken = TimeSpan.FromMicroseconds(LoopLimits.YieldMicrosecondsMax);
    private static readonly TimeSpan Crowded = TimeSpan.FromMilliseconds(LoopLimits.CrowdedMilliseconds);

    private Instant _crowdedUntil;
    private Instant _offeredAt;

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

    /// <summary>Should the core be offered to others now?</summary>
    /// <param name="idleSince">When there was something to do last.</param>
    /// <param name="now">After a turn that found nothing.</param>
    public bool ShouldOffer(Instant idleSince, Instant now) =>
        now - (_offeredAt > idleSince ? _offeredAt : idleSince) >= OfferInterval;

    /// <summary>The core was offered to others.</summary>
    /// <param name="now">After it came back.</param>
    /// <param name="took">How long it was away.</param>
    public void OnYielded(Instant now, TimeSpan took)
    {
        _offeredAt = now;
        if (took > Taken)
        {
            _crowdedUntil = now + Crowded;
        }
    }

    public bool IsOver(Instant idleSince, Instant now) => now < _crowdedUntil || now - idleSince >= Current;
}
