using ExpEther.Core.Time;

namespace ExpEther.Bridge.Diagnosis;

/// <summary>
/// Notices a second station of one identity (VLAN and MAC) by what is announced. Every start of a bridge draws an incarnation, so one that is heard
/// again after another was heard means that both live; a bridge that was started again never goes back to its old one. Announcements are not
/// authentic: what is found here is said and never acted upon.
/// </summary>
/// <param name="life">How long after its last sign a second station counts as there.</param>
internal sealed class TwinWatch(TimeSpan life)
{
    private (uint Incarnation, Instant Heard) _last;
    private (uint Incarnation, Instant Heard) _before;
    private Instant? _seenAt;
    private bool _isTold;

    /// <summary>An announcement in that identity's name.</summary>
    /// <param name="incarnation">0: its sender tells none.</param>
    /// <param name="now">The owner's time.</param>
    public void Hear(uint incarnation, Instant now)
    {
        if (incarnation == 0)
        {
            return;
        }

        if (incarnation != _last.Incarnation)
        {
            if (incarnation == _before.Incarnation && now - _before.Heard < life)
            {
                See(now);
            }

            _before = _last;
        }

        _last = (incarnation, now);
    }

    /// <summary>A sign of the second station itself, such as our own identity in another's announcement.</summary>
    public void See(Instant now) => _seenAt = now;

    public bool IsThere(Instant now) => _seenAt is { } at && now - at < life;

    /// <returns>True once for each time that a second station appears.</returns>
    public bool TakeReport(Instant now)
    {
        var isThere = IsThere(now);
        var isNews = isThere && !_isTold;
        _isTold = isThere;
        return isNews;
    }
}
