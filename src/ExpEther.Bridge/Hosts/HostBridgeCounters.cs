namespace ExpEther.Bridge.Hosts;

/// <summary>What concerns no single slot, since the bridge started.</summary>
public record struct HostBridgeCounters
{
    /// <summary>Frames for another MAC or VLAN.</summary>
    public long FramesNotForUs { get; set; }

    /// <summary>Frames of boxes that have no link and did not ask for one under the right key, or for which there was no place.</summary>
    public long FramesOfStrangers { get; set; }

    /// <summary>Host requests that no port claims, or to an empty slot: completed with UR, or dropped when posted.</summary>
    public long UnclaimedRequests { get; set; }

    /// <summary>TLPs of the root complex that are malformed.</summary>
    public long MalformedFromHost { get; set; }

    /// <summary>TLPs of a box for a function that is not plugged, or of another generation than the plugged one.</summary>
    public long StaleTlps { get; set; }

    /// <summary>Control messages that could not be read, or that concern nothing plugged.</summary>
    public long BadControlMessages { get; set; }

    /// <summary>Functions that found no free slot.</summary>
    public long FunctionsRefused { get; set; }

    /// <summary>Messages and control messages lost because their queue was full.</summary>
    public long QueueOverflows { get; set; }
}
