namespace ExpEther.Pcie;

/// <summary>Mem_IO: an address on an I/O box's device bus, given by the I/O bridge when it configured the device. See <see cref="HostAddress"/>.</summary>
public readonly record struct IoAddress(ulong Value)
{
    public override string ToString() => $"0x{Value:x}";
}
