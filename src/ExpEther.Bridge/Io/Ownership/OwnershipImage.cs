namespace ExpEther.Bridge.Io.Ownership;

/// <summary>All that ownership keeps over a restart.</summary>
/// <param name="Version">Counts up with every change; names an image in <see cref="IOwnershipStore.IsDurable"/>.</param>
/// <param name="Incarnation">The high 32 of a generation's 53 bits; random when there was no state.</param>
/// <param name="Counter">The low 21 bits of the last generation given out.</param>
/// <param name="Owners">One for each owned function.</param>
public sealed record OwnershipImage(long Version, uint Incarnation, uint Counter, IReadOnlyList<OwnershipRecord> Owners)
{
    /// <summary>One for each private namespace with an owner. Older images have none.</summary>
    public IReadOnlyList<NamespaceRecord> Namespaces { get; init; } = [];

    /// <summary>Private namespaces that are being made, one for each device at most.</summary>
    public IReadOnlyList<NamespaceIntent> Intents { get; init; } = [];
}
