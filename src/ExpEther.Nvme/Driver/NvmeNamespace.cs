namespace ExpEther.Nvme.Driver;

/// <summary>A namespace as Identify describes it.</summary>
/// <param name="Id">NSID.</param>
/// <param name="BlockBytes">Logical block size.</param>
/// <param name="Blocks">Its size in blocks.</param>
/// <param name="IsReadOnly">Write protected.</param>
public sealed record NvmeNamespace(uint Id, int BlockBytes, ulong Blocks, bool IsReadOnly)
{
    /// <summary>A block reads as zeroes from its deallocation to its next write.</summary>
    public bool DeallocatedReadsZeroes { get; init; }

    /// <summary>Deallocations of multiples of this, at multiples of it, give the most back; in blocks, at least 1.</summary>
    public int DeallocateGranularity { get; init; } = 1;

    public ulong Bytes => Blocks * (ulong)BlockBytes;
}
