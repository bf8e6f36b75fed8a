using System.Numerics;
using ExpEther.Nvme.Backends;

namespace ExpEther.Nvme.Controller.Namespaces;

/// <summary>A namespace: a backend with an identity. Its lists and counts are kept by <see cref="BackendDispatch"/>.</summary>
internal sealed class NvmeNamespace
{
    public NvmeNamespace(uint id, NvmeNamespaceOptions options, NvmeControllerOptions controller)
    {
        Id = id;
        Backend = options.Backend;
        IsReadOnly = options.ReadOnly || options.Backend.IsReadOnly;
        BlockShift = BitOperations.Log2((uint)options.Backend.BlockBytes);
        Blocks = (ulong)(options.Backend.LengthBytes >> BlockShift);
        Uuid = options.Uuid ?? StableUuid.Make(controller, id);
        Check.That(options.Backend.BlockBytes is 512 or 4096 && Blocks > 0);
    }

    public uint Id { get; }

    public IBlockBackend Backend { get; }

    public bool IsReadOnly { get; set; }

    public int BlockShift { get; }

    public int BlockBytes => 1 << BlockShift;

    public ulong Blocks { get; }

    public Guid Uuid { get; }

    /// <summary>Requests that the backend has.</summary>
    public int InFlight { get; set; }

    /// <summary>Commands that wait until the backend has room: a list through the slots; -1 when empty.</summary>
    public int FirstWaiting { get; set; } = -1;

    public int LastWaiting { get; set; } = -1;

    /// <summary>The error recovery feature, which is a namespace's own.</summary>
    public uint ErrorRecovery { get; set; }
}
