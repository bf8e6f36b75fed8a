using ExpEther.Pcie;

namespace ExpEther.RootComplex.Functions;

/// <summary>A base address register that was sized and assigned.</summary>
/// <param name="Index">0 to 5; a 64-bit one takes this and the next.</param>
/// <param name="Address">Where it was put; zero when there was no room.</param>
/// <param name="SizeBytes">A power of two.</param>
/// <param name="Is64Bit">Two registers wide.</param>
/// <param name="Prefetchable">Reads have no side effects.</param>
public readonly record struct PciBar(int Index, HostAddress Address, ulong SizeBytes, bool Is64Bit, bool Prefetchable)
{
    public bool IsAssigned => Address.Value != 0;
}
