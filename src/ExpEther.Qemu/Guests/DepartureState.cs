namespace ExpEther.Qemu.Guests;

/// <summary>How far a guest that takes its functions along has come.</summary>
internal enum DepartureState
{
    /// <summary>It stays.</summary>
    Here,

    /// <summary>A migration was cancelled, and the guest is asked to let go of its functions.</summary>
    LettingGo,

    /// <summary>It has none any more, and may migrate.</summary>
    Waiting,

    /// <summary>It migrates.</summary>
    Leaving,

    /// <summary>It has migrated, or its QEMU ended on the way; the functions are to be fetched.</summary>
    Left,
}
