namespace ExpEther.Daemon.Capture;

/// <summary>The interfaces of a capture file, numbered as there.</summary>
public enum CaptureInterface
{
    /// <summary>Ethernet frames as the daemon's port gives and takes them.</summary>
    Frames = 0,

    /// <summary>TLPs with the host's addresses and IDs.</summary>
    HostSide = 1,

    /// <summary>TLPs with the box's addresses and IDs; at an I/O box only.</summary>
    DeviceSide = 2,
}
