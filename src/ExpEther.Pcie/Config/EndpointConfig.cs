namespace ExpEther.Pcie.Config;

/// <summary>
/// An endpoint's configuration space: a type 0 header, PM, PCIe, MSI-X, AER, and as described ARI, ACS and DSN (PCIe 5.0 §7.5 to §7.9).
/// It stores what software writes and says what that means; acting on it (FLR, interrupts, decoding) is the device's.
/// </summary>
public sealed class EndpointConfig
{
    private const int MsixControl = 2;
    private const ushort MsixFunctionMaskBit = 1 << 14;
    private const ushort MsixEnableBit = 1 << 15;
    private const uint Bar64Bit = 0b100;
    private const uint BarPrefetchable = 0b1000;

    private readonly BarDescription[] _bars;
    private Rid _rid;

    /// <param name="description">What it shows; not of a VF.</param>
    public EndpointConfig(EndpointDescription description)
        : this(description, null, 0)
    {
    }

    /// <summary>The configuration space of a VF.</summary>
    /// <param name="description">With <see cref="EndpointDescription.IsVirtualFunction"/>.</param>
    /// <param name="physicalFunction">Its PF's: it says where the VF's BARs and its routing ID are, and has what is set once for all.</param>
    /// <param name="number">From 1, as the specification counts.</param>
    public EndpointConfig(EndpointDescription description, EndpointConfig? physicalFunction, int number)
    {
        Check.That(description.IsVirtualFunction == physicalFunction is not null);
        Check.That(physicalFunction is null || (physicalFunction.SrIov is { } virtualFunctions && number > 0 && number <= virtualFunctions.TotalVfs));
        Description = description;
        PhysicalFunction = physicalFunction;
        VirtualFunctionNumber = number;
        _bars = [.. description.Bars];
        LayOutHeader();
        LayOutBars();
        PowerManagement = new PowerManagementCapability(Space);
        Pcie = PcieCapability.ForEndpoint(Space, description, physicalFunction?.Pcie);
        LayOutMsix();
        Aer = new AerCapability(Space, Pcie.Offset, description.Ecrc, physicalFunction?.Aer);
        LayOutExtended();
        SrIov = description.SrIov is { } srIov ? new SrIovCapability(Space, srIov) : null;
        Space.KeepAsDefaults();
    }

    public EndpointDescription Description { get; }

    /// <summary>A VF's PF; null: it is none.</summary>
    public EndpointConfig? PhysicalFunction { get; }

    /// <summary>A VF's number, from 1; 0: it is none.</summary>
    public int VirtualFunctionNumber { get; }

    /// <summary>A PF's SR-IOV capability; null: it has none.</summary>
    public SrIovCapability? SrIov { get; }

    /// <summary>The bytes beneath: to add a vendor capability (then <see cref="ConfigSpace.KeepAsDefaults"/>), or to look closer.</summary>
    public ConfigSpace Space { get; } = new();

    public PowerManagementCapability PowerManagement { get; }

    public PcieCapability Pcie { get; }

    public AerCapability Aer { get; }

    /// <summary>Bus, device and function as last captured; zero before (§2.2.6.2). A VF's follows from its PF's (§9.2.1.2).</summary>
    public Rid Rid => PhysicalFunction is { SrIov: { } srIov } pf ? srIov.RidOf(pf.Rid, VirtualFunctionNumber) : _rid;

    public bool BusMasterEnable => (Space.Get16(ConfigRegister.Command) & ConfigRegister.CommandBusMasterEnable) != 0;

    public bool MemorySpaceEnable => (Space.Get16(ConfigRegister.Command) & ConfigRegister.CommandMemorySpaceEnable) != 0;

    /// <summary>Its BARs claim memory requests: Memory Space Enable, and not in D3hot.</summary>
    public bool DecodesMemory => MemorySpaceEnable && !PowerManagement.IsD3Hot;

    /// <summary>Vectors in the MSI-X table; 0 without one.</summary>
    public int MsixVectors { get; private set; }

    public bool MsixEnabled => MsixOffset != 0 && (Space.Get16(MsixOffset + MsixControl) & MsixEnableBit) != 0;

    public bool MsixFunctionMask => MsixOffset != 0 && (Space.Get16(MsixOffset + MsixControl) & MsixFunctionMaskBit) != 0;

    /// <inheritdoc cref="PcieCapability.MaxPayloadBytes"/>
    public int MaxPayloadBytes => Pcie.MaxPayloadBytes;

    /// <inheritdoc cref="PcieCapability.MaxReadRequestBytes"/>
    public int MaxReadRequestBytes => Pcie.MaxReadRequestBytes;

    /// <inheritdoc cref="PcieCapability.ReadCompletionBoundaryBytes"/>
    public int ReadCompletionBoundaryBytes => Pcie.ReadCompletionBoundaryBytes;

    /// <summary>10-Bit Tag Requester Enable.</summary>
    public bool Tag10BitEnabled => PhysicalFunction is { SrIov: { } srIov } ? srIov.VfTag10BitEnabled : Pcie.Tag10BitEnabled;

    /// <summary>Set by a write of 1 to Initiate Function Level Reset, until one of the resets.</summary>
    public bool FlrRequested { get; private set; }

    /// <summary>Offset of the PCIe capability.</summary>
    public int PcieOffset => Pcie.Offset;

    /// <summary>Offset of the MSI-X capability; 0 without.</summary>
    public int MsixOffset { get; private set; }

    public uint Read(int register) => Space.Read(register);

    /// <param name="register">Byte offset, DW aligned, 0 to 4092.</param>
    /// <param name="value">Little-endian, as the register.</param>
    /// <param name="enables">Which of the four bytes are written, bits 3:0.</param>
    public ConfigChange Write(int register, uint value, int enables = 0xF)
    {
        var change = Space.Write(register, value, enables);
        PowerManagement.OnWrite(change);
        if (Description.FlrCapable && change.WroteOnes16(Pcie.Offset + PcieRegister.DeviceControl, PcieRegister.DeviceControlInitiateFlr))
        {
            FlrRequested = true;
        }

        SrIov?.OnWrite(change);
        return change;
    }

    /// <summary>Every completed type 0 configuration write tells the function its bus and device (§2.2.6.2).</summary>
    /// <param name="rid">Of no effect on a VF.</param>
    public void CaptureRid(Rid rid) => _rid = rid;

    /// <summary>Shows an MSI-X table of another size from now on, resets notwithstanding: a VF whose device gives out interrupts at run time.</summary>
    /// <param name="vectors">1 to the description's.</param>
    public void ShowMsixVectors(int vectors)
    {
        Check.That(MsixOffset != 0 && vectors > 0 && vectors <= Description.MsixVectors);
        MsixVectors = vectors;
        var control = Space.Get16(MsixOffset + MsixControl) & (MsixEnableBit | MsixFunctionMaskBit);
        Space.SetWithDefault16(MsixOffset + MsixControl, (ushort)(vectors - 1));
        Space.SetBits16(MsixOffset + MsixControl, (ushort)control);
    }

    /// <summary>The address software gave a BAR, both halves of a 64-bit one.</summary>
    public ulong BarAddress(int index)
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
    /// Which BAR a whole request falls into, while Memory Space Enable (a VF: its PF's VF MSE) is set and the function is not in D3hot.
    /// </summary>
    /// <param name="address">Of the first byte.</param>
    /// <param name="bytes">From first to last byte; a zero-length read counts as 1.</param>
    /// <param name="bar">The BAR's index.</param>
    /// <param name="offset">Of the first byte, in the BAR.</param>
    public bool TryMatchBar(ulong address, int bytes, out int bar, out ulong offset)
    {
        if (PhysicalFunction is { SrIov: { } srIov })
        {
            return srIov.TryMatch(address, bytes, out var number, out bar, out offset) && number == VirtualFunctionNumber && !PowerManagement.IsD3Hot;
        }

        (bar, offset) = (-1, 0);
        return DecodesMemory && TryFindBar(address, bytes, out bar, out offset);
    }

    /// <summary>As <see cref="TryMatchBar"/>, whether memory is decoded or not. Not for a virtual function, which has no BARs.</summary>
    public bool TryFindBar(ulong address, int bytes, out int bar, out ulong offset)
    {
        foreach (ref readonly var candidate in _bars.AsSpan())
        {
            offset = address - AddressOf(candidate);
            var size = (ulong)candidate.SizeBytes;
            if (offset < size && (ulong)Math.Max(bytes, 1) <= size - offset)
            {
                bar = candidate.Index;
                return true;
            }
        }

        bar = -1;
        offset = 0;
        return false;
    }

    /// <summary>Fundamental reset: everything to power-on state, the captured RID too.</summary>
    public void Reset()
    {
        Space.Reset();
        SrIov?.OnReset();
        _rid = default;
        FlrRequested = false;
    }

    /// <summary>What FLR does to these registers: all go to their defaults but the sticky ones and those that §6.6.2 excepts.</summary>
    public void FunctionLevelReset()
    {
        Space.Reset(keepSticky: true);
        SrIov?.OnReset();
        FlrRequested = false;
    }

    private ulong AddressOf(in BarDescription bar)
    {
        var register = ConfigRegister.Bar0 + (bar.Index * 4);
        ulong low = Space.Get32(register) & ~0xFU;
        return bar.Is64Bit ? low | ((ulong)Space.Get32(register + 4) << 32) : low;
    }

    private void LayOutHeader()
    {
        var d = Description;
        Check.That((d.ClassCode & ~0xFFFFFF) == 0);
        // §9.3.4.1.1: a VF's IDs are its PF's Vendor ID and VF Device ID; where they would be it has all ones.
        Space.Set16(ConfigRegister.VendorId, d.IsVirtualFunction ? ushort.MaxValue : d.VendorId);
        Space.Set16(ConfigRegister.DeviceId, d.IsVirtualFunction ? ushort.MaxValue : d.DeviceId);
        Space.Set32(ConfigRegister.RevisionId, ((uint)d.ClassCode << 8) | d.RevisionId);
        Space.Set8(ConfigRegister.HeaderType, (byte)(d.MultiFunction ? 0x80 : 0));
        Space.Set16(ConfigRegister.SubsystemVendorId, d.SubsystemVendorId);
        Space.Set16(ConfigRegister.SubsystemId, d.SubsystemId);
        if (d.IsVirtualFunction)
        {
            HeaderMasks.DefineVirtualFunction(Space);
        }
        else
        {
            HeaderMasks.Define(Space);
        }
    }

    private void LayOutBars()
    {
        Check.That(_bars.Length == 0 || !Description.IsVirtualFunction);
        BarRules.Verify(_bars);
        foreach (var bar in _bars)
        {
            var register = ConfigRegister.Bar0 + (bar.Index * 4);
            var mask = ~((ulong)bar.SizeBytes - 1);
            Space.Set32(register, (bar.Is64Bit ? Bar64Bit : 0) | (bar.Prefetchable ? BarPrefetchable : 0));
            Space.DefineRw32(register, (uint)mask);
            if (bar.Is64Bit)
            {
                Space.DefineRw32(register + 4, (uint)(mask >> 32));
            }
        }
    }

    private void LayOutMsix()
    {
        var d = Description;
        if (d.MsixVectors == 0)
        {
            return;
        }

        Check.That(d.MsixVectors is > 0 and <= ConfigLimits.MsixVectorsMax && (d.MsixTable.Offset & 7) == 0 && (d.MsixPba.Offset & 7) == 0);
        MsixVectors = d.MsixVectors;
        MsixOffset = Space.AddCapability(CapabilityId.Msix, 12);
        Space.Set16(MsixOffset + MsixControl, (ushort)(d.MsixVectors - 1));
        Space.DefineRw16(MsixOffset + MsixControl, MsixEnableBit | MsixFunctionMaskBit);
        Space.Set32(MsixOffset + 4, d.MsixTable.Offset | (uint)d.MsixTable.Bar);
        Space.Set32(MsixOffset + 8, d.MsixPba.Offset | (uint)d.MsixPba.Bar);
    }

    private void LayOutExtended()
    {
        var d = Description;
        if (d.Serial is { } serial)
        {
            ExtendedCapabilities.AddSerialNumber(Space, serial);
        }

        if (d.Ari)
        {
            ExtendedCapabilities.AddAri(Space, d.AriNextFunction);
        }

        if (d.Acs)
        {
            ExtendedCapabilities.AddEndpointAcs(Space);
        }
    }
}
