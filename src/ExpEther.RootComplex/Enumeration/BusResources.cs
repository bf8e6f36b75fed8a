namespace ExpEther.RootComplex.Enumeration;

/// <summary>What enumeration may hand out below a root bus.</summary>
public sealed record BusResources
{
    /// <summary>32-bit BARs, non-prefetchable windows.</summary>
    public required AddressWindow Memory { get; init; }

    /// <summary>64-bit prefetchable windows.</summary>
    public AddressWindow Prefetchable { get; init; }

    public byte LastBus { get; init; } = 255;

    /// <summary>Non-prefetchable window kept per hot-plug slot: a power of two, at least 1 MB.</summary>
    public uint HotPlugMemoryBytes { get; init; } = 4 << 20;

    /// <summary>Prefetchable window kept per hot-plug slot: a power of two, at least 1 MB.</summary>
    public uint HotPlugPrefetchableBytes { get; init; } = 16 << 20;
}
