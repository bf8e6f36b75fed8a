namespace ExpEther.Pcie.Config;

/// <summary>A memory BAR (PCIe 5.0 §7.5.1.2.1).</summary>
/// <param name="Index">0 to 5; a 64-bit BAR takes the next index too.</param>
/// <param name="SizeBytes">A power of two, at least 128 (§7.5.1.2.1 for 32-bit memory BARs); past 2 GiB only 64-bit.</param>
/// <param name="Is64Bit">May be placed above 4 GB.</param>
/// <param name="Prefetchable">Reads have no side effects.</param>
public readonly record struct BarDescription(int Index, long SizeBytes, bool Is64Bit = false, bool Prefetchable = false);
