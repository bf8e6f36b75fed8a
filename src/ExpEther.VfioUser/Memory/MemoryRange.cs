using ExpEther.Linux.Memory;
using ExpEther.RootComplex.Memory;

namespace ExpEther.VfioUser.Memory;

/// <summary>A range of the client's memory.</summary>
/// <param name="Address">First byte as DMA sees it.</param>
/// <param name="Last">Last byte.</param>
/// <param name="Rights">What the device may do with it.</param>
/// <param name="File">What it is mapped from, directly or guarded; null: it is reached by asking the client.</param>
/// <param name="Start">Its first byte here; 0 without a file.</param>
internal readonly record struct MemoryRange(ulong Address, ulong Last, DmaRights Rights, MappedFiles.Entry? File, nint Start)
{
    /// <summary>It is mapped, and an access cannot fault.</summary>
    public bool IsDirect => File is { Mapping.GuardedFor: SharedMappingError.None };

    /// <summary>Whether all of an access lies within.</summary>
    /// <param name="address">Its first byte.</param>
    /// <param name="bytes">At least 1.</param>
    public bool Contains(ulong address, int bytes) => address >= Address && address <= Last && (ulong)(bytes - 1) <= Last - address;
}
