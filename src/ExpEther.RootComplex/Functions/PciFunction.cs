using ExpEther.Core.Scheduling;
using ExpEther.Pcie;
using ExpEther.RootComplex.Config;
using ExpEther.RootComplex.Enumeration;
using ExpEther.RootComplex.Memory;

namespace ExpEther.RootComplex.Functions;

/// <summary>
/// An endpoint as its driver sees it. Asynchronous members are for sequences on the owner's scheduler; <see cref="TryWrite32"/> and
/// <see cref="TryWrite64"/> are for the data path and allocate nothing.
/// </summary>
public sealed class PciFunction
{
    internal PciFunction(PciNode node, HostMemory memory, OwnerScheduler scheduler)
    {
        Node = node;
        Memory = memory;
        Scheduler = scheduler;
    }

    /// <summary>Runs once, when the function is found to be gone (its slot's link or presence dropped) or was let go.</summary>
#pragma warning disable CS0067
    public event Action? Removed;
#pragma warning restore CS0067

    public PciNode Node { get; }

    public Rid Rid => Node.Rid;

    public ushort VendorId => Node.VendorId;

    public ushort DeviceId => Node.DeviceId;

    public uint ClassCode => Node.ClassCode;

    public IReadOnlyList<PciBar> Bars => Node.Bars;

    /// <summary>False once the slot says that nothing is there. All-ones from a register mean "retry until this drops".</summary>
    public bool IsPresent { get; internal set; } = true;

    /// <summary>The host's memory, to allocate what the device reads and writes.</summary>
    public HostMemory Memory { get; }

    public OwnerScheduler Scheduler { get; }

    /// <summary>Queues a posted write.</summary>
    /// <returns>False: the root complex's posted writes are all in use; try again at the next turn.</returns>
    public bool TryWrite32(int bar, ulong offset, uint value) => throw new NotImplementedException();

    /// <inheritdoc cref="TryWrite32"/>
    public bool TryWrite64(int bar, ulong offset, ulong value) => throw new NotImplementedException();

    /// <summary>Reads a register; ends at the completion timeout at the latest.</summary>
    public ValueTask<MmioResult> Read32Async(int bar, ulong offset) => throw new NotImplementedException();

    /// <inheritdoc cref="Read32Async"/>
    public ValueTask<MmioResult> Read64Async(int bar, ulong offset) => throw new NotImplementedException();

    public ValueTask<ConfigResult> ReadConfigAsync(int register) => throw new NotImplementedException();

    public ValueTask<ConfigStatus> WriteConfigAsync(int register, uint value, int enables = 0xF) => throw new NotImplementedException();

    /// <summary>
    /// Allocates up to <paramref name="count"/> vectors, programs the MSI-X table and switches MSI-X on. Handlers run from the root
    /// complex's Poll, one call per vector however often it was raised since.
    /// </summary>
    /// <returns>How many vectors the function got; 0: it has no MSI-X, or did not answer.</returns>
    public Task<int> EnableMsixAsync(int count, Action<int> handler) => throw new NotImplementedException();

    /// <summary>Switches MSI-X off and gives the vectors back.</summary>
    public Task DisableMsixAsync() => throw new NotImplementedException();

    /// <summary>Sets or clears memory decoding and bus mastering in the Command register.</summary>
    public Task SetBusMasterAsync(bool enable) => throw new NotImplementedException();

    /// <summary>Function-level reset (PCIe 5.0 §6.6.2), after which configuration is as enumeration left it.</summary>
    /// <returns>False: the function has none, or did not come back.</returns>
    public Task<bool> ResetAsync() => throw new NotImplementedException();
}
