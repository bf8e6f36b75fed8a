using ExpEther.Pcie;

namespace ExpEther.RootComplex;

/// <summary>What a root complex for one physical function is built with.</summary>
public sealed record PrivateRootComplexOptions
{
    /// <summary>The device's name: the source of reports.</summary>
    public required string Name { get; init; }

    /// <summary>The requester ID of its memory requests; nobody else on the device bus has it.</summary>
    public required Rid Requester { get; init; }

    /// <summary>Where its memory starts on the device bus; 4 KB aligned, and apart from every BAR.</summary>
    public ulong MemoryBase { get; init; } = 0x1000_0000;

    /// <summary>A multiple of 4 KB: enough for a driver's own queues and a few pages.</summary>
    public int MemoryBytes { get; init; } = 1 << 20;

    /// <summary>After which a read that nobody answered gives all-ones (PCIe 5.0 §2.8).</summary>
    public TimeSpan CompletionTimeout { get; init; } = TimeSpan.FromSeconds(1);
}
