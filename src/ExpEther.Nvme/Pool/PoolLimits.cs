namespace ExpEther.Nvme.Pool;

/// <summary>The pool's limits and the places of its parts; <see cref="PoolImage"/> relies on them.</summary>
public static class PoolLimits
{
    /// <summary>What namespaces are made of.</summary>
    public const int ChunkBytes = 1 << 20;

    /// <summary>In front of the chunks: both copies of the metadata, and room.</summary>
    public const int DataOffset = 1 << 20;

    /// <summary>One copy of the metadata; the second one lies right behind the first.</summary>
    public const int MetadataBytes = 256 << 10;

    public const int NamespacesMax = 256;

    /// <summary>NSIDs below it are those of configured namespaces, so that one more of them takes no other's place.</summary>
    public const uint FirstNamespaceId = 65;

    public const uint LastNamespaceId = FirstNamespaceId + NamespacesMax - 1;

    /// <summary>Extents of all namespaces together: what fits into a copy of the metadata.</summary>
    public const int ExtentsMax = 24_000;

    /// <summary>Requests to all namespaces that are under way.</summary>
    public const int RequestsMax = 1024;

    /// <summary>Own requests to the backend at once, while chunks are being zeroed.</summary>
    public const int ZeroingsMax = 8;

    /// <summary>The most that is zeroed by one request.</summary>
    public const int ZeroBytesPerRequest = 4 << 20;

    /// <summary>The most that is deallocated by one request.</summary>
    public const int DeallocateBytesPerRequest = 64 << 20;

    /// <summary>Requests of namespaces that succeed before metadata that could not be written are written again.</summary>
    public const int MendAfterMin = 16;

    /// <summary>The same, after many attempts.</summary>
    public const int MendAfterMax = 1 << 20;
}
