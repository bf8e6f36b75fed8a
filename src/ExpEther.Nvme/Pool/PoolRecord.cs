namespace ExpEther.Nvme.Pool;

/// <summary>A namespace as the pool's metadata keep it.</summary>
/// <param name="Id">NSID.</param>
/// <param name="IsShared">May be attached to several controllers.</param>
/// <param name="Uuid">What it is known by.</param>
/// <param name="LengthBytes">A multiple of the block size.</param>
/// <param name="Extents">Its chunks, in the order of its blocks.</param>
internal sealed record PoolRecord(uint Id, bool IsShared, Guid Uuid, long LengthBytes, IReadOnlyList<Extent> Extents);
