using ExpEther.Core.Time;

namespace ExpEther.Link.Setup;

/// <summary>
/// Keeps a second station of the peer's identity from taking the place of the one whose link works.
/// <para>
/// A peer that was started again has another incarnation than the epoch in use, and so has a second station of its name. They differ in one thing:
/// the old life of the first is silent, while the station that works goes on sending authentic frames, at least every
/// <see cref="LinkOptions.KeepAlive"/>. So another incarnation is let in when nothing authentic was heard for <see cref="Grace"/>; until then its
/// set-up is not answered, and it asks again. One that asked while the epoch in use was still heard a <see cref="Grace"/> later is a rival: it is not
/// let in as long as that epoch lasts, so that a gap in the path does not hand the link over.
/// </para>
/// </summary>
internal sealed class RivalWatch(LinkOptions options)
{
    /// <summary>How long after its last set-up message a rival counts as there: an initiator asks at least every two seconds.</summary>
    private static readonly TimeSpan Life = TimeSpan.FromSeconds(10);

    private Instant? _helloSince;
    private ulong _incarnation;
    private Instant _since;
    private bool _isRival;
    private Instant? _seenAt;

    private TimeSpan Grace => options.KeepAlive * 3;

    /// <summary>May set-up with this incarnation go on?</summary>
    /// <param name="incarnation">As the peer tells it now.</param>
    /// <param name="inUse">That of the epoch in use; null: there is no epoch.</param>
    /// <param name="lastHeard">When the last authentic frame of that epoch came.</param>
    /// <param name="now">The owner's time.</param>
    public bool LetsIn(ulong incarnation, ulong? inUse, Instant lastHeard, Instant now)
    {
        if (inUse is null || inUse == incarnation)
        {
            return true;
        }

        if (incarnation != _incarnation)
        {
            (_incarnation, _since, _isRival) = (incarnation, now, false);
        }

        _isRival |= lastHeard >= _since + Grace;
        if (_isRival)
        {
            _seenAt = now;
        }

        return !_isRival && now - lastHeard >= Grace;
    }

    /// <summary>
    /// A HELLO came in the peer's name while an epoch is in use. It tells no incarnation; the peer itself sends none as long as its link is up, and
    /// one that was started again is not heard in its old epoch afterwards. What is found here is said only.
    /// </summary>
    public void NoteHello(Instant lastHeard, Instant now)
    {
        _helloSince ??= now;
        if (lastHeard >= _helloSince + Grace)
        {
            (_helloSince, _seenAt) = (now, now);
        }
    }

    /// <summary>Does a second station of the peer's identity ask for the link?</summary>
    public bool IsThere(Instant now) => _seenAt is { } at && now - at < Life;

    /// <summary>The epoch is over: whoever asks first has the link now.</summary>
    public void OnEpochOver() => (_incarnation, _isRival, _helloSince, _seenAt) = (0, false, null, null);
}
