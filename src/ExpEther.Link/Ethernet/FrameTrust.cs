namespace ExpEther.Link.Ethernet;

/// <summary>
/// How far a received frame proves who sent it, as the link that took it found. A port that learns where peers are goes by it (WireGuard's rule:
/// an endpoint moves only on authentic packets).
/// </summary>
public enum FrameTrust
{
    /// <summary>Nothing is proven: no link took it.</summary>
    None,

    /// <summary>A holder of the key made it, maybe long ago: a message of set-up, which anybody can send again.</summary>
    Claimed,

    /// <summary>Made for the epoch in use, and newer than all before it: it cannot have been recorded earlier and sent again.</summary>
    Proven,
}
