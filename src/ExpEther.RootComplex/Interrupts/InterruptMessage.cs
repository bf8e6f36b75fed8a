using ExpEther.Pcie;

namespace ExpEther.RootComplex.Interrupts;

/// <summary>What a function is programmed with to raise a vector: a memory write of <paramref name="Data"/> to <paramref name="Address"/>.</summary>
public readonly record struct InterruptMessage(HostAddress Address, uint Data);
