using ExpEther.Core.Time;

namespace ExpEther.Core.Counters;

/// <summary>
/// Decides when a loop's counters are published: now and then while it works, once more after it worked before it sleeps for long, and
/// as a sign of life. When what is counted is no longer the same, the page is laid anew first; else publishing allocates nothing.
/// </summary>
public sealed class CounterPublisher(ICounterSource source, ICounterPage page)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(CounterLimits.PublishMilliseconds);
    private static readonly TimeSpan Heartbeat = TimeSpan.FromMilliseconds(CounterLimits.HeartbeatMilliseconds);

    private readonly CounterShape _shape = new();
    private Instant _published;
    private bool _hasNews;

    /// <summary>When <see cref="OnTurn"/> publishes next: a loop that sleeps wakes up for it.</summary>
    public Instant NextDeadline => _published + (_hasNews ? Interval : Heartbeat);

    /// <summary>The loop has made a turn.</summary>
    public void OnTurn(bool wasBusy, Instant now)
    {
        _hasNews |= wasBusy;
        if (now >= NextDeadline)
        {
            Publish(now);
        }
    }

    public void Publish(Instant now)
    {
        _published = now;
        _hasNews = false;
        _shape.Begin();
        source.AddShape(_shape);
        if (_shape.End())
        {
            var tree = new CounterTree();
            source.AddCounters(tree);
            page.Lay(tree.Entries, now);
        }
        else
        {
            page.Publish(now);
        }
    }
}
