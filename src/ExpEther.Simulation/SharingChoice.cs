namespace ExpEther.Simulation;

/// <summary>Which boxes have devices that are shared by virtual functions.</summary>
public enum SharingChoice
{
    /// <summary>The seed chooses.</summary>
    BySeed,

    /// <summary>None: every device is used as it is.</summary>
    Never,

    /// <summary>All; the seed chooses whether there are others beside them.</summary>
    Always,
}
