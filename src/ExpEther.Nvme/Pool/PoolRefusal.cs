namespace ExpEther.Nvme.Pool;

/// <summary>Why a pool does not begin what it is asked for.</summary>
internal enum PoolRefusal : byte
{
    None,

    /// <summary>Not so much is free, or only in more pieces than the metadata can keep.</summary>
    NoCapacity,

    /// <summary>There are as many namespaces as there can be.</summary>
    NoIdentifier,

    /// <summary>What the pool's metadata say may be out of date: <see cref="NamespacePool.Doubt"/>.</summary>
    InDoubt,
}
