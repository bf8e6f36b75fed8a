namespace ExpEther.Nvme.Driver;

/// <summary>A range of a namespace to be deallocated.</summary>
/// <param name="Lba">First block.</param>
/// <param name="Blocks">How many, 1 to 2^32 - 1.</param>
public readonly record struct BlockRange(ulong Lba, uint Blocks);
