using ExpEther.Core.Time;

namespace ExpEther.Link.Windows;

/// <summary>
/// When an acknowledgement must go out by itself: at once after anything out of order, twice received or after some frames, else when it
/// has waited its delay for a frame to ride on.
/// </summary>
internal sealed class AckSchedule(TimeSpan delay)
{
    private int _frames;
    private bool _now;
    private Instant _deadline = Instant.Never;

    public Instant? NextDeadline => _now ? Instant.Zero : _deadline == Instant.Never ? null : _deadline;

    public void Reset() => OnSent();

    public void OnRecords(Instant now)
    {
        _frames++;
        _now |= _frames >= LinkLimits.FramesPerAckMax;
        if (_deadline == Instant.Never)
        {
            _deadline = now + delay;
        }
    }

    /// <summary>The next frame acknowledges something unusual, or much; it should tell all it can.</summary>
    public bool IsHurried => _now;

    public void Hurry() => _now = true;

    public bool IsDue(Instant now) => _now || now >= _deadline;

    /// <summary>Every frame acknowledges.</summary>
    public void OnSent()
    {
        _frames = 0;
        _now = false;
        _deadline = Instant.Never;
    }
}
