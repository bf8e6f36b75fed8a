using ExpEther.Nvme.Backends;

namespace ExpEther.Nvme.Pool;

/// <summary>A request to a namespace of a pool, which may be several to the pool's backend.</summary>
internal struct PoolRequest
{
    public PoolNamespace Owner;
    public BlockOperation Operation;

    /// <summary>Where in the namespace what has not been handed on begins.</summary>
    public long Offset;

    /// <summary>Bytes that have not been handed on.</summary>
    public int Left;

    /// <summary>The flush has not been handed on.</summary>
    public bool OwesFlush;
    public Memory<byte> Buffer;
    public uint Cookie;

    /// <summary>Requests that the backend has.</summary>
    public int Pieces;

    /// <summary>The first errno.</summary>
    public int Error;

    /// <summary>The next one of those that are done.</summary>
    public int Next;

    public readonly bool IsHandedOn => Left == 0 && !OwesFlush;
}
