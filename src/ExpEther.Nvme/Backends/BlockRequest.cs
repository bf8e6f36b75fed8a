namespace ExpEther.Nvme.Backends;

/// <summary>One request to a backend.</summary>
/// <param name="Operation">What to do.</param>
/// <param name="OffsetBytes">From the backend's start; a multiple of its block size.</param>
/// <param name="Bytes">Length; a multiple of the block size; 0 for a flush.</param>
/// <param name="Buffer">Pinned memory (<c>GC.AllocateArray(pinned: true)</c>) of at least <paramref name="Bytes"/>, best at a page's border; it
/// belongs to the backend until the completion. Empty for flush, write zeroes and deallocate.</param>
/// <param name="Cookie">Comes back with the completion.</param>
public readonly record struct BlockRequest(BlockOperation Operation, long OffsetBytes, int Bytes, Memory<byte> Buffer, uint Cookie);
