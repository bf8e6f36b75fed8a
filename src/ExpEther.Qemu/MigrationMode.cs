namespace ExpEther.Qemu;

/// <summary>What happens when a guest that has functions is to migrate.</summary>
public enum MigrationMode
{
    /// <summary>The migration is cancelled, and the functions stay with the guest.</summary>
    Stop,

    /// <summary>
    /// The migration is cancelled, the guest lets go of its functions, and when it is started again they follow the guest to the host at which it arrives.
    /// </summary>
    Follow,
}
