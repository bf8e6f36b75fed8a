namespace ExpEther.Linux.Sockets;

/// <summary>How one nonblocking receive or send went.</summary>
public enum StreamStatus
{
    /// <summary>At least one byte moved.</summary>
    Moved,

    /// <summary>Nothing moved: no bytes, or no room, now.</summary>
    WouldBlock,

    /// <summary>The peer closed or reset the connection.</summary>
    Closed,
}
