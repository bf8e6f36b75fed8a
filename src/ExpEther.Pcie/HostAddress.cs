namespace ExpEther.Pcie;

/// <summary>Mem_H: an address as a host mapped it. Not interchangeable with <see cref="IoAddress"/>: only a window turns one into the other.</summary>
public readonly record struct HostAddress(ulong Value)
{
    public override string ToString() => $"0x{Value:x}";
}
