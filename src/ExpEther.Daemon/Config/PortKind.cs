namespace ExpEther.Daemon.Config;

/// <summary>What carries the frames.</summary>
public enum PortKind
{
    /// <summary>A packet socket on a network interface.</summary>
    Packet,

    /// <summary>Whole frames in UDP datagrams, for routed networks and machines without raw sockets.</summary>
    Udp,
}
