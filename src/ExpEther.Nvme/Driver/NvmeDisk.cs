using ExpEther.RootComplex.Functions;
using ExpEther.RootComplex.Memory;

namespace ExpEther.Nvme.Driver;

/// <summary>An NVMe disk of the embedded host, in use by its driver. Its methods run on the owner's scheduler.</summary>
public sealed class NvmeDisk
{
    internal NvmeDisk(PciFunction function, string name)
    {
        Function = function;
        Name = name;
    }

    public PciFunction Function { get; }

    /// <summary>As a user names it: nvme0, nvme1…</summary>
    public string Name { get; }

    public string SerialNumber { get; } = string.Empty;

    public string ModelNumber { get; } = string.Empty;

    public string FirmwareRevision { get; } = string.Empty;

    public IReadOnlyList<NvmeNamespace> Namespaces { get; } = [];

    /// <summary>Block size of the first namespace.</summary>
    public int BlockBytes => Namespaces[0].BlockBytes;

    /// <summary>Size of the first namespace in blocks.</summary>
    public ulong Blocks => Namespaces[0].Blocks;

    /// <summary>The most a single read or write may move, in bytes.</summary>
    public int MaxTransferBytes { get; }

    /// <summary>Commands that may be outstanding at once.</summary>
    public int QueueDepth { get; }

    /// <summary>False once it was removed, stopped or given up.</summary>
    public bool IsUsable { get; }

    public Task<NvmeResult> ReadAsync(uint nsid, ulong lba, int blocks, DmaBuffer buffer) => throw new NotImplementedException();

    public Task<NvmeResult> WriteAsync(uint nsid, ulong lba, int blocks, DmaBuffer buffer) => throw new NotImplementedException();

    public Task<NvmeResult> WriteZeroesAsync(uint nsid, ulong lba, int blocks) => throw new NotImplementedException();

    public Task<NvmeResult> FlushAsync(uint nsid) => throw new NotImplementedException();

    /// <summary>Identify with the given CNS into a 4 KB buffer.</summary>
    public Task<NvmeResult> IdentifyAsync(byte cns, uint nsid, DmaBuffer buffer) => throw new NotImplementedException();

    /// <summary>Resets the controller; outstanding commands are ended with an error.</summary>
    public Task<bool> ResetAsync() => throw new NotImplementedException();

    /// <summary>The data path: starts a command without allocating; <paramref name="done"/> runs on the owner's thread when it ended.</summary>
    /// <param name="io">What to do.</param>
    /// <param name="done">Gets the result and <paramref name="state"/>.</param>
    /// <param name="state">Anything the caller likes.</param>
    /// <returns>False: every slot of every queue is in use; try again after a completion.</returns>
    public bool TrySubmit(in NvmeIo io, Action<NvmeResult, object?> done, object? state) => throw new NotImplementedException();
}
