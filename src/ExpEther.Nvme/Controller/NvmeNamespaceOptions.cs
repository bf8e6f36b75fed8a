using ExpEther.Nvme.Backends;

namespace ExpEther.Nvme.Controller;

/// <summary>One namespace; its NSID is its place in the list, from 1.</summary>
public sealed record NvmeNamespaceOptions
{
    public required IBlockBackend Backend { get; init; }

    /// <summary>Refuses writes (Namespace is Write Protected), even if the backend would take them.</summary>
    public bool ReadOnly { get; init; }

    /// <summary>May be attached to several controllers at once (NMIC). All of them only read it, unless it is <see cref="Writable"/>.</summary>
    public bool Shared { get; init; }

    /// <summary>Of a shared namespace: every host it is attached to may write. They have to agree among themselves.</summary>
    public bool Writable { get; init; }

    /// <summary>What the namespace is known by; null: made from the serial number and the NSID.</summary>
    public Guid? Uuid { get; init; }
}
