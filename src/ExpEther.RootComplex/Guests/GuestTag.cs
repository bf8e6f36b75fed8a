namespace ExpEther.RootComplex.Guests;

/// <summary>A tag and the request that has it.</summary>
internal struct GuestTag
{
    /// <summary>Its final completion has not come; it names no other request until then.</summary>
    public bool IsTaken;

    /// <summary>Whose request it is; null: the access has ended, the completions are late.</summary>
    public GuestAccess? Access;

    /// <summary>Where in the access's data its own begin.</summary>
    public int Start;

    /// <summary>How many they are.</summary>
    public int Bytes;

    /// <summary>How many have come.</summary>
    public int Done;

    /// <summary>Poisoned data came.</summary>
    public bool IsPoisoned;
}
