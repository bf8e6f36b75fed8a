namespace ExpEther.Ethernet.Ports;

/// <summary>What one port did since it was opened. Bytes are whole frames without FCS.</summary>
public sealed class PortCounters
{
    public long FramesReceived { get; internal set; }

    public long BytesReceived { get; internal set; }

    public long FramesSent { get; internal set; }

    public long BytesSent { get; internal set; }

    /// <summary>Came in but found the receive ring full (the kernel counts; see <see cref="INetworkPort.Refresh"/>).</summary>
    public long ReceiveOverruns { get; internal set; }

    /// <summary>Came in but is no whole frame, or of another EtherType or VLAN.</summary>
    public long ReceiveRefused { get; internal set; }

    /// <summary>Sends that found no room and were told so.</summary>
    public long SendFull { get; internal set; }

    /// <summary>Frames that could not leave: interface down, no route, longer than the MTU, refused for too long. Lost as on a cut cable.</summary>
    public long SendLost { get; internal set; }

    /// <summary>How often a peer came to be at another endpoint (UDP).</summary>
    public long EndpointMoves { get; internal set; }

    /// <summary>Frames from another endpoint than the one where their sender was proven to be, and that proved nothing (UDP).</summary>
    public long EndpointMovesRefused { get; internal set; }

    /// <summary>How often the interface was seen to go down or away.</summary>
    public long WentDown { get; internal set; }
}
