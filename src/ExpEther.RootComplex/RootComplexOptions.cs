namespace ExpEther.RootComplex;

/// <summary>What a root complex is built with. Addresses are Mem_H, this host's own.</summary>
public sealed record RootComplexOptions
{
    /// <summary>The host's name in reports.</summary>
    public string Name { get; init; } = "host";

    /// <summary>Where host memory starts; 4 KB aligned.</summary>
    public ulong MemoryBase { get; init; } = 0x1_0000_0000;

    /// <summary>Size of host memory in bytes; a multiple of 4 KB, at most <see cref="RootComplexLimits.MemoryBytesMax"/>.</summary>
    public int MemoryBytes { get; init; } = 64 << 20;

    /// <summary>The aperture for 32-bit BARs and non-prefetchable windows; 1 MB aligned and below the interrupt window.</summary>
    public uint MmioBase { get; init; } = 0xC000_0000;

    public uint MmioBytes { get; init; } = 0x2000_0000;

    /// <summary>The aperture for prefetchable windows above 4 GB; 1 MB aligned.</summary>
    public ulong Mmio64Base { get; init; } = 0x80_0000_0000;

    public ulong Mmio64Bytes { get; init; } = 0x10_0000_0000;

    /// <summary>After which a read that nobody answered gives all-ones (PCIe 5.0 §2.8).</summary>
    public TimeSpan CompletionTimeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>From the attention button to the power off, during which a second press cancels (PCIe 5.0 §6.7.1.5: 5 s).</summary>
    public TimeSpan AttentionDelay { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Non-prefetchable window kept for an empty hot-plug slot, in bytes; a multiple of 1 MB.</summary>
    public uint HotPlugMemoryBytes { get; init; } = 4 << 20;

    /// <summary>Prefetchable window kept for an empty hot-plug slot, in bytes; a multiple of 1 MB.</summary>
    public uint HotPlugPrefetchableBytes { get; init; } = 16 << 20;
}
