using System.Numerics;
using ExpEther.Nvme.Backends;
using ExpEther.Nvme.Pool;

namespace ExpEther.Nvme.Controller.Namespaces;

/// <summary>A namespace of an NVM subsystem: a backend with an identity. What a controller has to do with it is a <see cref="NamespaceAttachment"/>.</summary>
internal sealed class NvmeNamespace
{
    /// <param name="id">NSID.</param>
    /// <param name="options">What it is.</param>
    /// <param name="uuid">When the options name none.</param>
    public NvmeNamespace(uint id, NvmeNamespaceOptions options, Guid uuid)
        : this(id, options.Backend, options.Uuid ?? uuid, new WaitingLine())
    {
        IsShared = options.Shared;
        IsReadOnly = options.ReadOnly || options.Backend.IsReadOnly || (options.Shared && !options.Writable);
    }

    /// <param name="pooled">The namespace of a pool.</param>
    /// <param name="line">That of the pool.</param>
    public NvmeNamespace(PoolNamespace pooled, WaitingLine line)
        : this(pooled.Id, pooled, pooled.Uuid, line)
    {
        Pooled = pooled;
        IsShared = pooled.IsShared;
        IsReadOnly = pooled.IsReadOnly;
    }

    private NvmeNamespace(uint id, IBlockBackend backend, Guid uuid, WaitingLine line)
    {
        Id = id;
        Backend = backend;
        Uuid = uuid;
        Line = line;
        BlockShift = BitOperations.Log2((uint)backend.BlockBytes);
        Blocks = (ulong)(backend.LengthBytes >> BlockShift);
        Check.That(backend.BlockBytes is 512 or 4096 && Blocks > 0);
    }

    public uint Id { get; }

    public IBlockBackend Backend { get; }

    /// <summary>What it is in the pool; null: it was configured and cannot be deleted or resized.</summary>
    public PoolNamespace? Pooled { get; }

    /// <summary>Those who wait for the same backend.</summary>
    public WaitingLine Line { get; }

    public bool IsReadOnly { get; set; }

    /// <summary>May be attached to more than one controller (NMIC bit 0).</summary>
    public bool IsShared { get; }

    public int BlockShift { get; }

    public ulong Blocks { get; private set; }

    public Guid Uuid { get; }

    /// <summary>The backend has become longer or shorter.</summary>
    public void FollowLength() => Blocks = (ulong)(Backend.LengthBytes >> BlockShift);
}
