using System.Numerics;

namespace ExpEther.Pcie.Config;

/// <summary>
/// The SR-IOV extended capability of a PF (PCIe 5.0 chapter 9): how many VFs there are, where their routing IDs and their BARs lie.
/// <para>
/// Theory. VFs exist while VF Enable is set. Their IDs follow from the PF's by First VF Offset and VF Stride, which change with NumVFs and
/// with ARI Capable Hierarchy and carry into the next bus. A VF has no BARs of its own: VF BAR n is the start of an array with one entry
/// for each VF, as long as the BAR of one VF and not shorter than the System Page Size, decoded while VF MSE is set. What software must not
/// change while VFs exist (NumVFs, System Page Size, ARI Capable Hierarchy) keeps its value then; the specification leaves it undefined.
/// VF migration is not offered.
/// </para>
/// </summary>
public sealed class SrIovCapability
{
    private const uint Bar64Bit = 0b100;
    private const uint BarPrefetchable = 0b1000;
    private const uint DefaultPageSize = 1;

    private readonly ConfigSpace _space;
    private readonly BarDescription[] _bars;

    internal SrIovCapability(ConfigSpace space, SrIovDescription description)
    {
        var d = description;
        Check.That(d.TotalVfs is > 0 and <= ConfigLimits.VirtualFunctionsMax && d.SupportedPageSizes != 0);
        _space = space;
        Description = d;
        _bars = [.. d.VfBars];
        Offset = space.AddExtendedCapability(ExtendedCapabilityId.SingleRootIoVirtualization, 1, SrIovRegister.Bytes);
        space.Set32(Offset + SrIovRegister.Capabilities, d.VfTag10BitRequester ? SrIovRegister.CapabilitiesVf10BitTagRequester : 0);
        space.DefineRw16(
            Offset + SrIovRegister.Control,
            (ushort)(SrIovRegister.ControlVfEnable | SrIovRegister.ControlVfMemorySpaceEnable | SrIovRegister.ControlAriCapableHierarchy
                | (d.VfTag10BitRequester ? SrIovRegister.ControlVf10BitTagRequesterEnable : 0)));
        space.Set16(Offset + SrIovRegister.InitialVfs, (ushort)d.TotalVfs);
        space.Set16(Offset + SrIovRegister.TotalVfs, (ushort)d.TotalVfs);
        space.DefineRw16(Offset + SrIovRegister.NumVfs, ushort.MaxValue);
        space.Set16(Offset + SrIovRegister.VfDeviceId, d.VfDeviceId);
        space.Set32(Offset + SrIovRegister.SupportedPageSizes, d.SupportedPageSizes);
        space.Set32(Offset + SrIovRegister.SystemPageSize, DefaultPageSize);
        space.DefineRw32(Offset + SrIovRegister.SystemPageSize, uint.MaxValue);
        LayOutBars();
        Follow();
    }

    public SrIovDescription Description { get; }

    public int Offset { get; }

    public bool VfEnable => (Control & SrIovRegister.ControlVfEnable) != 0;

    /// <summary>VF MSE: Memory Space Enable of all VFs.</summary>
    public bool VfMemorySpaceEnable => (Control & SrIovRegister.ControlVfMemorySpaceEnable) != 0;

    public bool AriCapableHierarchy => (Control & SrIovRegister.ControlAriCapableHierarchy) != 0;

    public bool VfTag10BitEnabled => (Control & SrIovRegister.ControlVf10BitTagRequesterEnable) != 0;

    public int TotalVfs => Description.TotalVfs;

    /// <summary>As software wrote it.</summary>
    public int NumVfs => _space.Get16(Offset + SrIovRegister.NumVfs);

    /// <summary>VFs that are there now: 0 without VF Enable.</summary>
    public int ExistingVfs => VfEnable ? Math.Min(NumVfs, TotalVfs) : 0;

    public int FirstVfOffset => _space.Get16(Offset + SrIovRegister.FirstVfOffset);

    public int VfStride => _space.Get16(Offset + SrIovRegister.VfStride);

    /// <summary>System Page Size in bytes.</summary>
    public long PageBytes => 1L << (BitOperations.TrailingZeroCount(_space.Get32(Offset + SrIovRegister.SystemPageSize)) + SrIovRegister.PageSizeShift);

    private int Control => _space.Get16(Offset + SrIovRegister.Control);

    /// <summary>The routing ID of a VF, whether it exists or not (§9.2.1.2).</summary>
    /// <param name="pf">The PF's.</param>
    /// <param name="number">From 1, as the specification counts.</param>
    public Rid RidOf(Rid pf, int number) => new((ushort)(pf.Value + FirstVfOffset + ((number - 1) * VfStride)));

    /// <summary>Which existing VF has this routing ID; 0: none.</summary>
    public int NumberOf(Rid pf, Rid rid)
    {
        var distance = (ushort)(rid.Value - pf.Value) - FirstVfOffset;
        var existing = ExistingVfs;
        if (distance < 0 || existing == 0)
        {
            return 0;
        }

        if (distance == 0)
        {
            return 1;
        }

        var stride = VfStride;
        return stride != 0 && distance % stride == 0 && distance / stride < existing ? (distance / stride) + 1 : 0;
    }

    /// <summary>The address that software gave a VF BAR: that of VF 1.</summary>
    public ulong VfBarAddress(int index)
    {
        foreach (ref readonly var bar in _bars.AsSpan())
        {
            if (bar.Index == index)
            {
                return AddressOf(bar);
            }
        }

        return 0;
    }

    /// <summary>
    /// Which VF and which of its BARs a whole request falls into, while VF MSE is set. A request that crosses from one VF's part of the
    /// aperture into the next one's is in neither.
    /// </summary>
    /// <param name="address">Of the first byte.</param>
    /// <param name="bytes">From first to last byte; a zero-length read counts as 1.</param>
    /// <param name="number">The VF, from 1; it exists.</param>
    /// <param name="bar">The BAR's index.</param>
    /// <param name="offset">Of the first byte, in the VF's BAR.</param>
    public bool TryMatch(ulong address, int bytes, out int number, out int bar, out ulong offset)
    {
        var existing = (ulong)ExistingVfs;
        if (existing > 0 && VfMemorySpaceEnable)
        {
            foreach (ref readonly var candidate in _bars.AsSpan())
            {
                var distance = address - AddressOf(candidate);
                var size = BytesOf(candidate);
                offset = distance & (size - 1);
                if (distance < size * existing && (ulong)Math.Max(bytes, 1) <= size - offset)
                {
                    number = (int)(distance >> BitOperations.Log2(size)) + 1;
                    bar = candidate.Index;
                    return true;
                }
            }
        }

        number = 0;
        bar = -1;
        offset = 0;
        return false;
    }

    /// <summary>What a write to the PF's configuration space means here.</summary>
    internal void OnWrite(in ConfigChange change)
    {
        if (change.Register < Offset || change.Register >= Offset + SrIovRegister.Bytes)
        {
            return;
        }

        if (change.IsAt(Offset + SrIovRegister.Control))
        {
            OnControl(change);
        }
        else if (change.IsAt(Offset + SrIovRegister.NumVfs) && VfEnable)
        {
            // §9.3.3.7: not to be written while VF Enable is set.
            _space.Set16(Offset + SrIovRegister.NumVfs, (ushort)change.Before);
        }
        else if (change.IsAt(Offset + SrIovRegister.SystemPageSize))
        {
            // §9.3.3.13: one bit, and one of Supported Page Sizes, set while there are no VFs.
            if (VfEnable || !BitOperations.IsPow2(change.After) || (change.After & Description.SupportedPageSizes) == 0)
            {
                _space.Set32(Offset + SrIovRegister.SystemPageSize, change.Before);
            }
        }

        Follow();
    }

    /// <summary>After a reset of the PF: VF Enable is clear, so that there are no VFs (§9.2.2.3).</summary>
    internal void OnReset() => Follow();

    private void OnControl(in ConfigChange change)
    {
        if ((change.Before & change.After & SrIovRegister.ControlVfEnable) != 0)
        {
            const uint Kept = SrIovRegister.ControlAriCapableHierarchy | SrIovRegister.ControlVf10BitTagRequesterEnable;
            _space.Set16(Offset + SrIovRegister.Control, (ushort)((change.After & ~Kept) | (change.Before & Kept)));
        }
    }

    private ulong BytesOf(in BarDescription bar) => (ulong)Math.Max(bar.SizeBytes, PageBytes);

    private ulong AddressOf(in BarDescription bar)
    {
        var register = Offset + SrIovRegister.VfBar0 + (bar.Index * 4);
        ulong low = _space.Get32(register) & ~0xFU;
        return bar.Is64Bit ? low | ((ulong)_space.Get32(register + 4) << 32) : low;
    }

    private void LayOutBars()
    {
        BarRules.Verify(_bars);
        foreach (var bar in _bars)
        {
            _space.Set32(Offset + SrIovRegister.VfBar0 + (bar.Index * 4), (bar.Is64Bit ? Bar64Bit : 0) | (bar.Prefetchable ? BarPrefetchable : 0));
        }
    }

    /// <summary>Registers that follow from others: offset and stride, and how many address bits the VF BARs have.</summary>
    private void Follow()
    {
        var routing = Description.Routing(Math.Min(NumVfs, TotalVfs), AriCapableHierarchy);
        Check.That(routing.FirstVfOffset != 0);
        _space.Set16(Offset + SrIovRegister.FirstVfOffset, routing.FirstVfOffset);
        _space.Set16(Offset + SrIovRegister.VfStride, routing.VfStride);
        foreach (ref readonly var bar in _bars.AsSpan())
        {
            var register = Offset + SrIovRegister.VfBar0 + (bar.Index * 4);
            var mask = ~(BytesOf(bar) - 1);
            _space.SetRw32(register, (uint)mask);
            _space.Set32(register, (_space.Get32(register) & (uint)mask) | (_space.Get32(register) & 0xF));
            if (bar.Is64Bit)
            {
                _space.SetRw32(register + 4, (uint)(mask >> 32));
                _space.Set32(register + 4, _space.Get32(register + 4) & (uint)(mask >> 32));
            }
        }
    }
}
