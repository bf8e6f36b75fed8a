using ExpEther.Core.Time;

namespace ExpEther.Link.Windows;

/// <summary>A window that never changes: right for a network of one's own with more room in its queues than this.</summary>
internal sealed class FixedWindow(int bytes) : ICongestionControl
{
    public int WindowBytes { get; } = bytes;

    public void OnAcknowledged(int bytes, TimeSpan smoothedRoundTrip, Instant now)
    {
    }

    public void OnLoss(int bytes, Instant now)
    {
    }

    public void OnTimeout(Instant now)
    {
    }

    public void Reset()
    {
    }
}
