namespace ExpEther.Linux.Files;

/// <summary>What direct I/O on a file needs.</summary>
/// <param name="MemoryBytes">Addresses of buffers are multiples of this: a power of two.</param>
/// <param name="OffsetBytes">Offsets and lengths are multiples of this: a power of two.</param>
public readonly record struct DirectAlignment(int MemoryBytes, int OffsetBytes);
