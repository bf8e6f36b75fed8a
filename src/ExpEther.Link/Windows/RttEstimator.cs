namespace ExpEther.Link.Windows;

/// <summary>
/// Smoothed round trip and retransmission timeout (RFC 6298 §2, §5.5), with the link's own bounds. It reckons in whole ticks of 100 ns: a
/// <see cref="TimeSpan"/> times or by a number goes through a double, and this is asked at every frame.
/// </summary>
internal sealed class RttEstimator(TimeSpan timeoutMin, TimeSpan timeoutMax)
{
    private const long InitialTimeoutTicks = 50 * TimeSpan.TicksPerMillisecond;

    private long _smoothed;
    private long _variation;
    private long _timeout = InitialTimeoutTicks;
    private int _backoff;

    /// <summary>Zero before the first sample.</summary>
    public TimeSpan Smoothed => new(_smoothed);

    /// <summary>How long to wait for an acknowledgement, doublings included.</summary>
    public TimeSpan Timeout
    {
        get
        {
            var ticks = _timeout << _backoff;
            return ticks < timeoutMax.Ticks ? new TimeSpan(ticks) : timeoutMax;
        }
    }

    public void Reset()
    {
        _smoothed = 0;
        _variation = 0;
        _timeout = InitialTimeoutTicks;
        _backoff = 0;
    }

    public void OnSample(TimeSpan roundTrip)
    {
        var ticks = roundTrip.Ticks;
        if (_smoothed == 0)
        {
            _smoothed = Math.Max(ticks, 1);
            _variation = ticks / 2;
        }
        else
        {
            _variation = ((_variation * 3) + Math.Abs(_smoothed - ticks)) / 4;
            _smoothed = ((_smoothed * 7) + ticks) / 8;
        }

        _timeout = Math.Max(_smoothed + (_variation * 4), timeoutMin.Ticks);
    }

    public void OnTimeout()
    {
        if (Timeout < timeoutMax)
        {
            _backoff++;
        }
    }

    public void OnProgress() => _backoff = 0;
}
