using ExpEther.Pcie;

namespace ExpEther.RootComplex.Memory;

/// <summary>A run of host memory that devices may reach, from <see cref="HostMemory.Allocate"/> until <see cref="HostMemory.Free"/>.</summary>
/// <param name="Address">Its first byte as devices see it.</param>
/// <param name="Bytes">Its length as asked for.</param>
public readonly record struct DmaBuffer(HostAddress Address, int Bytes)
{
    /// <summary>A part of the buffer. It cannot be freed by itself.</summary>
    public DmaBuffer Slice(int offset, int bytes)
    {
        Check.That(offset >= 0 && bytes >= 0 && offset + bytes <= Bytes);
        return new DmaBuffer(new HostAddress(Address.Value + (ulong)offset), bytes);
    }
}
