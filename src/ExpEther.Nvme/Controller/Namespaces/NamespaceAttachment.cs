using ExpEther.Nvme.Backends;

namespace ExpEther.Nvme.Controller.Namespaces;

/// <summary>
/// A namespace as one controller has it. Its lists and counts are kept by <see cref="BackendDispatch"/>. After a detach it stays, inactive,
/// until the backend has given back every request that this controller made.
/// </summary>
internal sealed class NamespaceAttachment(NvmeNamespace target)
{
    public NvmeNamespace Namespace { get; } = target;

    public uint Id => Namespace.Id;

    public IBlockBackend Backend => Namespace.Backend;

    public bool IsReadOnly => Namespace.IsReadOnly;

    public int BlockShift => Namespace.BlockShift;

    public ulong Blocks => Namespace.Blocks;

    public Guid Uuid => Namespace.Uuid;

    /// <summary>The controller's host sees it.</summary>
    public bool IsActive { get; set; } = true;

    /// <summary>Requests that the backend has from this controller.</summary>
    public int InFlight { get; set; }

    /// <summary>Commands that wait until the backend has room: a list through the slots; -1 when empty.</summary>
    public int FirstWaiting { get; set; } = -1;

    public int LastWaiting { get; set; } = -1;

    /// <summary>The flush of a shutdown waits until the backend has room.</summary>
    public bool OwesShutdownFlush { get; set; }

    /// <summary>The error recovery feature, which is a namespace's own.</summary>
    public uint ErrorRecovery { get; set; }
}
