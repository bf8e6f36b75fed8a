namespace ExpEther.Ethernet.Switch;

/// <summary>What a switch made of a frame whose source address it knew at another port.</summary>
internal enum StationMove
{
    None,

    /// <summary>The address is at this port now.</summary>
    Moved,

    /// <summary>It stays where it is, since it was heard there just now: two stations have it, or one is forged.</summary>
    Refused,
}
