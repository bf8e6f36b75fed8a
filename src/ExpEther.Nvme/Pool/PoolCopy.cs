namespace ExpEther.Nvme.Pool;

/// <summary>What was read where a copy of a pool's metadata should be.</summary>
/// <param name="Image">Null: it is not whole.</param>
/// <param name="IsBlank">Only zeroes: never written.</param>
/// <param name="IsOne">It begins as a copy does.</param>
internal readonly record struct PoolCopy(PoolImage? Image, bool IsBlank, bool IsOne);
