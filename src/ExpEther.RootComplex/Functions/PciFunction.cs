using ExpEther.Core.Scheduling;
using ExpEther.Pcie;
using ExpEther.Pcie.Config;
using ExpEther.RootComplex.Config;
using ExpEther.RootComplex.Enumeration;
using ExpEther.RootComplex.Memory;
using ExpEther.RootComplex.Requests;

namespace ExpEther.RootComplex.Functions;

/// <summary>
/// An endpoint as its driver sees it. Asynchronous members are for sequences on the owner's scheduler; <see cref="TryWrite32"/> and
/// <see cref="TryWrite64"/> are for the data path and allocate nothing.
/// </summary>
public sealed class PciFunction
{
    private readonly HostServices _host;
    private readonly MsixVectors _msix;
    private readonly PciBar[] _bars = new PciBar[ConfigLimits.EndpointBarsMax];

    internal PciFunction(PciNode node, HostServices host)
    {
        Node = node;
        _host = host;
        _msix = new MsixVectors(this, host);
        foreach (var bar in node.Bars)
        {
            _bars[bar.Index] = bar;
        }
    }

    /// <summary>Runs once, at the moment the function is found to be gone: its slot's link or presence dropped.</summary>
    public event Action? Gone;

    public PciNode Node { get; }

    public Rid Rid => Node.Rid;

    public ushort VendorId => Node.VendorId;

    public ushort DeviceId => Node.DeviceId;

    public uint ClassCode => Node.ClassCode;

    public IReadOnlyList<PciBar> Bars => Node.Bars;

    /// <summary>False once the slot says that nothing is there. All-ones from a register mean "retry until this drops".</summary>
    public bool IsPresent { get; private set; } = true;

    /// <summary>The host's memory, to allocate what the device reads and writes.</summary>
    public HostMemory Memory => _host.Memory;

    public OwnerScheduler Scheduler => _host.Scheduler;

    /// <summary>MSI-X vectors in use.</summary>
    public int VectorCount => _msix.Count;

    /// <summary>Queues a posted write. To a function that is gone it goes nowhere, as on hardware.</summary>
    /// <param name="bar">Index of an assigned BAR.</param>
    /// <param name="offset">In the BAR, a multiple of 4.</param>
    /// <param name="value">Little-endian.</param>
    /// <returns>False: the root complex's posted writes are all in use; try again at the next turn.</returns>
    public bool TryWrite32(int bar, ulong offset, uint value) => TryWrite(bar, offset, value, 4);

    /// <summary>As <see cref="TryWrite32"/>, 8 bytes at a multiple of 8.</summary>
    public bool TryWrite64(int bar, ulong offset, ulong value) => TryWrite(bar, offset, value, 8);

    /// <summary>Reads a register; ends at the completion timeout at the latest.</summary>
    public async ValueTask<MmioResult> Read32Async(int bar, ulong offset)
    {
        var end = await ReadAsync(bar, offset, 4);
        return end.IsSuccess ? new MmioResult(end.Value, false) : MmioResult.NoAnswer32;
    }

    /// <inheritdoc cref="Read32Async"/>
    public async ValueTask<MmioResult> Read64Async(int bar, ulong offset)
    {
        var end = await ReadAsync(bar, offset, 8);
        return end.IsSuccess ? new MmioResult(end.Value, false) : MmioResult.NoAnswer64;
    }

    public ValueTask<ConfigResult> ReadConfigAsync(int register) => IsPresent
        ? _host.Config.ReadAsync(Rid, register)
        : ValueTask.FromResult(ConfigResult.Failed(ConfigStatus.UnsupportedRequest));

    public ValueTask<ConfigStatus> WriteConfigAsync(int register, uint value, int enables = 0xF) => IsPresent
        ? _host.Config.WriteAsync(Rid, register, value, enables)
        : ValueTask.FromResult(ConfigStatus.UnsupportedRequest);

    /// <summary>
    /// Allocates up to <paramref name="count"/> vectors, programs the MSI-X table and switches MSI-X on; memory decoding must be on. Handlers run
    /// from the root complex's Poll, one call per vector however often it was raised since.
    /// </summary>
    /// <param name="count">Vectors wanted.</param>
    /// <param name="handler">Gets the vector's index, from 0.</param>
    /// <returns>How many vectors the function got; 0: it has no MSI-X, or did not answer.</returns>
    public Task<int> EnableMsixAsync(int count, Action<int> handler) => _msix.EnableAsync(count, handler);

    /// <summary>Switches MSI-X off and gives the vectors back.</summary>
    public Task DisableMsixAsync() => _msix.DisableAsync();

    /// <summary>Sets or clears memory decoding and bus mastering in the Command register.</summary>
    public async Task SetBusMasterAsync(bool enable)
    {
        const ushort Bits = ConfigRegister.CommandMemorySpaceEnable | ConfigRegister.CommandBusMasterEnable;
        if (IsPresent)
        {
            await new FunctionConfig(_host.Config, Rid).Change16Async(ConfigRegister.Command, Bits, enable ? Bits : (ushort)0);
        }
    }

    /// <summary>
    /// Function-level reset (PCIe 5.0 §6.6.2). Afterwards configuration is as enumeration left it: addresses assigned, memory decoding,
    /// bus mastering and MSI-X off.
    /// </summary>
    /// <returns>False: the function has none, or did not come back.</returns>
    public async Task<bool> ResetAsync()
    {
        var pcie = Node.Capabilities.PciExpress;
        var config = new FunctionConfig(_host.Config, Rid);
        if (pcie == 0 || !IsPresent
            || (await config.Read32Async(pcie + PcieRegister.DeviceCapabilities) is var capabilities && capabilities == uint.MaxValue)
            || (capabilities & PcieRegister.DeviceCapabilitiesFlr) == 0)
        {
            return false;
        }

        await DisableMsixAsync();
        await SetBusMasterAsync(false);
        // Requests it sent before may still be answered; the specification asks to wait for them first, for a bounded time.
        var deadline = Scheduler.Now + RootComplexLimits.FunctionResetTime;
        while ((await config.Read16Async(pcie + PcieRegister.DeviceStatus) & PcieRegister.DeviceStatusTransactionsPending) != 0
            && Scheduler.Now < deadline && IsPresent)
        {
            await Scheduler.Delay(TimeSpan.FromMilliseconds(1));
        }

        await config.Change16Async(pcie + PcieRegister.DeviceControl, 0, PcieRegister.DeviceControlInitiateFlr);
        await Scheduler.Delay(RootComplexLimits.FunctionResetTime);
        deadline = Scheduler.Now + RootComplexLimits.ConfigRetryTimeout;
        while (!(await ReadConfigAsync(ConfigRegister.VendorId)).IsSuccess)
        {
            if (!IsPresent || Scheduler.Now >= deadline)
            {
                return false;
            }

            await Scheduler.Delay(RootComplexLimits.FunctionResetTime);
        }

        await _host.Enumerator.RestoreAsync(Node);
        return IsPresent;
    }

    internal void MarkGone()
    {
        if (IsPresent)
        {
            IsPresent = false;
            Gone?.Invoke();
        }
    }

    /// <summary>Nothing of the host refers to the function any more.</summary>
    internal void Release()
    {
        MarkGone();
        _msix.Free();
    }

    /// <summary>
    /// Where a register is. False: outside the BAR. Drivers compute offsets from what the device says of itself (a doorbell stride, a table's place),
    /// which may be anything; nothing answers there.
    /// </summary>
    private bool TryFind(int bar, ulong offset, int bytes, out ulong address)
    {
        Check.That(offset % (ulong)bytes == 0);
        address = 0;
        if ((uint)bar >= (uint)_bars.Length || _bars[bar] is not { IsAssigned: true } found || offset > found.SizeBytes - (ulong)bytes)
        {
            return false;
        }

        address = found.Address.Value + offset;
        return true;
    }

    private bool TryWrite(int bar, ulong offset, ulong value, int bytes) =>
        !IsPresent || !TryFind(bar, offset, bytes, out var address) || _host.Posted.TryAdd(address, value, bytes);

    private ValueTask<RequestEnd> ReadAsync(int bar, ulong offset, int bytes) => IsPresent && TryFind(bar, offset, bytes, out var address)
        ? _host.Requests.SendAsync(new CpuRequest(RequestKind.MemoryRead, address, bytes))
        : ValueTask.FromResult(RequestEnd.NoAnswer);
}
