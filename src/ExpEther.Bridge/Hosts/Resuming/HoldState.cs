namespace ExpEther.Bridge.Hosts.Resuming;

/// <summary>Whether a slot is held for a box that is away.</summary>
internal enum HoldState
{
    /// <summary>It is not.</summary>
    None,

    /// <summary>The box is away, or has not presented the function yet.</summary>
    Held,

    /// <summary>The function is back, and is given what the host had written.</summary>
    Restoring,
}
