using ExpEther.Pcie.Tlp;

namespace ExpEther.Link;

/// <summary>What a link counted since it was made; epochs do not reset it.</summary>
public sealed class LinkCounters
{
    public const int DropReasons = (int)FrameDrop.OutOfWindow + 1;

    private readonly long[] _dropped = new long[DropReasons];
    private readonly long[] _tlpsSent = new long[3];
    private readonly long[] _tlpsReceived = new long[3];

    public long FramesSent { get; internal set; }

    public long FramesReceived { get; internal set; }

    /// <summary>Frames that carried at least one record sent before.</summary>
    public long FramesRetransmitted { get; internal set; }

    public long BytesSent { get; internal set; }

    public long BytesReceived { get; internal set; }

    /// <summary>Epochs begun.</summary>
    public long Epochs { get; internal set; }

    /// <summary>Times the path fell silent.</summary>
    public long Silences { get; internal set; }

    /// <summary>Times the path was found to carry less than before.</summary>
    public long PathShrinks { get; internal set; }

    /// <summary>Frames whose records had all been received before.</summary>
    public long FramesDuplicate { get; internal set; }

    public long ControlsSent { get; internal set; }

    public long ControlsReceived { get; internal set; }

    /// <summary>Non-posted TLPs that had to wait for the peer's credit, or for room in the send window.</summary>
    public long NonPostedWaits { get; internal set; }

    /// <summary>Times that someone with something to send was told to wait, for credit or for room in the send window.</summary>
    public long SendStalls { get; internal set; }

    /// <summary>Of all samples of the round trip.</summary>
    public RoundTripHistogram RoundTrips { get; } = new();

    public long FramesDropped
    {
        get
        {
            long sum = 0;
            foreach (var count in _dropped)
            {
                sum += count;
            }

            return sum;
        }
    }

    public long Dropped(FrameDrop reason) => _dropped[(int)reason];

    public long TlpsSent(TlpClass c) => _tlpsSent[(int)c];

    public long TlpsReceived(TlpClass c) => _tlpsReceived[(int)c];

    internal void CountDrop(FrameDrop reason) => _dropped[(int)reason]++;

    internal void CountTlpSent(TlpClass c) => _tlpsSent[(int)c]++;

    internal void CountTlpReceived(TlpClass c) => _tlpsReceived[(int)c]++;
}
