namespace ExpEther.Link;

/// <summary>Which side opens the link.</summary>
public enum LinkRole : byte
{
    /// <summary>Sends INIT: an I/O bridge.</summary>
    Initiator,

    /// <summary>Waits for INIT: a host bridge.</summary>
    Responder,
}
