using ExpEther.Nvme.Backends;

namespace ExpEther.Nvme.Controller;

/// <summary>One namespace; its NSID is its place in the list, from 1.</summary>
public sealed record NvmeNamespaceOptions
{
    public required IBlockBackend Backend { get; init; }

    /// <summary>Refuses writes (Namespace is Write Protected), even if the backend would take them.</summary>
    public bool ReadOnly { get; init; }

    /// <summary>What the namespace is known by; null: made from the serial number and the NSID.</summary>
    public Guid? Uuid { get; init; }
}
