using ExpEther.Core.Time;

namespace ExpEther.Core;

/// <summary>
/// Decides which of many equal reports is told: the first at once, the next ones at growing intervals, and how many were kept back in
/// between. A report that stayed away for <paramref name="longest"/> is a new one, told at once.
/// </summary>
/// <param name="shortest">Between the first and the second that is told; doubled after each. More than zero.</param>
/// <param name="longest">What the interval grows to; at least <paramref name="shortest"/>.</param>
public sealed class RepeatLimiter(TimeSpan shortest, TimeSpan longest)
{
    private TimeSpan _interval;
    private Instant? _notBefore;
    private Instant _last;
    private long _keptBack;

    /// <summary>When the report came last; <see cref="Instant.Zero"/> before the first.</summary>
    public Instant Last => _last;

    /// <summary>Called for every report.</summary>
    /// <param name="now">When it came; never earlier than the one before.</param>
    /// <param name="keptBack">How many were not told since the last that was; 0 where the answer is false.</param>
    /// <returns>True: this one is to be told.</returns>
    public bool ShouldTell(Instant now, out long keptBack)
    {
        if (now >= _last + longest)
        {
            _notBefore = null;
        }

        _last = now;
        keptBack = 0;
        if (_notBefore is { } notBefore)
        {
            if (now < notBefore)
            {
                _keptBack++;
                return false;
            }

            _interval = _interval * 2 < longest ? _interval * 2 : longest;
        }
        else
        {
            _interval = shortest;
        }

        _notBefore = now + _interval;
        (keptBack, _keptBack) = (_keptBack, 0);
        return true;
    }

    /// <summary>What was reported is over: the next report is told at once.</summary>
    public void Clear()
    {
        _notBefore = null;
        _keptBack = 0;
    }
}
