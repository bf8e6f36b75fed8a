using ExpEther.Core.Time;

namespace ExpEther.Link.Windows;

/// <summary>
/// The seam for congestion control: how many bytes of records may be in flight. The send window tells it what happens and asks before each
/// record; pacing can come in here as well.
/// </summary>
internal interface ICongestionControl
{
    /// <summary>Bytes of records that may be sent and not yet acknowledged.</summary>
    int WindowBytes { get; }

    void OnAcknowledged(int bytes, TimeSpan smoothedRoundTrip, Instant now);

    /// <summary>Records were found lost from later frames' arrival.</summary>
    void OnLoss(int bytes, Instant now);

    /// <summary>Nothing was acknowledged for a whole retransmission timeout.</summary>
    void OnTimeout(Instant now);

    /// <summary>A new epoch begins.</summary>
    void Reset();
}
