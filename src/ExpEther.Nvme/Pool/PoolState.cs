namespace ExpEther.Nvme.Pool;

/// <summary>What a <see cref="NamespacePool"/> is doing.</summary>
public enum PoolState : byte
{
    /// <summary>Reads its metadata, or makes the first ones.</summary>
    Opening,
    Ready,

    /// <summary>Creates, deletes or resizes a namespace.</summary>
    Busy,

    /// <summary>There is no pool on the backend: <see cref="NamespacePool.Problem"/> says why.</summary>
    Refused,
}
