namespace ExpEther.Linux.Sockets;

/// <summary>How one nonblocking send of a frame or datagram went.</summary>
public enum SendStatus
{
    Sent,

    /// <summary>No room now; nothing was sent.</summary>
    Full,

    /// <summary>Longer than the interface or path takes; it can never go.</summary>
    TooLong,

    /// <summary>The interface is down or gone, or there is no route; lost, as on a cut cable.</summary>
    Down,

    /// <summary>Refused for another reason; lost.</summary>
    Failed,
}
