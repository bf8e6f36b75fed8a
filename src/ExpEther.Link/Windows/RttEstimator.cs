namespace ExpEther.Link.Windows;

/// <summary>Smoothed round trip and retransmission timeout (RFC 6298 §2, §5.5), with the link's own bounds.</summary>
internal sealed class RttEstimator(TimeSpan timeoutMin, TimeSpan timeoutMax)
{
    private static readonly TimeSpan InitialTimeout = TimeSpan.FromMilliseconds(50);

    private TimeSpan _variation;
    private TimeSpan _timeout = InitialTimeout;
    private int _backoff;

    /// <summary>Zero before the first sample.</summary>
    public TimeSpan Smoothed { get; private set; }

    /// <summary>How long to wait for an acknowledgement, doublings included.</summary>
    public TimeSpan Timeout
    {
        get
        {
            var ticks = _timeout.Ticks << _backoff;
            return ticks < timeoutMax.Ticks ? TimeSpan.FromTicks(ticks) : timeoutMax;
        }
    }

    public void Reset()
    {
        Smoothed = TimeSpan.Zero;
        _variation = TimeSpan.Zero;
        _timeout = InitialTimeout;
        _backoff = 0;
    }

    public void OnSample(TimeSpan roundTrip)
    {
        if (Smoothed == TimeSpan.Zero)
        {
            Smoothed = roundTrip > TimeSpan.Zero ? roundTrip : TimeSpan.FromTicks(1);
            _variation = roundTrip / 2;
        }
        else
        {
            _variation = ((_variation * 3) + (Smoothed - roundTrip).Duration()) / 4;
            Smoothed = ((Smoothed * 7) + roundTrip) / 8;
        }

        var timeout = Smoothed + (_variation * 4);
        _timeout = timeout > timeoutMin ? timeout : timeoutMin;
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
