namespace ExpEther.RootComplex.Guests;

/// <summary>What a guest's root complex is built with.</summary>
public sealed record GuestRootComplexOptions
{
    /// <summary>The guest's name in reports.</summary>
    public required string Name { get; init; }

    /// <summary>Slots of the bridge below.</summary>
    public required int Slots { get; init; }

    /// <summary>After which an access that nobody answered reads all-ones; well below the 5 s that QEMU waits.</summary>
    public TimeSpan CompletionTimeout { get; init; } = TimeSpan.FromSeconds(1);
}
