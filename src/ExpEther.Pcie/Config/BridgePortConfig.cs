namespace ExpEther.Pcie.Config;

/// <summary>
/// A root or switch port's configuration space: a type 1 header, PM, PCIe, MSI, SSVID, AER, ACS on root and downstream ports, DSN as
/// described, and the slot's registers (PCIe 5.0 §7.5.1.3, §7.5.3). It stores and decodes; routing is its owner's.
/// There is no I/O window, and legacy interrupts have no pin.
/// </summary>
public sealed class BridgePortConfig
{
    private const ushort WindowMask = 0xFFF0;
    private const ushort WindowIs64Bit = 1;

    private bool _interruptDue;

    public BridgePortConfig(BridgePortDescription description)
    {
        Check.That(description.PortType is PortType.RootPort or PortType.UpstreamPort or PortType.DownstreamPort);
        Check.That(description.SlotNumber is null || description.PortType != PortType.UpstreamPort);
        Description = description;
        LayOutHeader();
        PowerManagement = new PowerManagementCapability(Space);
        Pcie = PcieCapability.ForPort(Space, description);
        Msi = new MsiCapability(Space);
        AddSubsystem();
        Slot = description.SlotNumber is { } number ? new SlotRegisters(Space, Pcie, number) : null;
        Aer = new AerCapability(Space, Pcie.Offset, ecrc: false);
        RootErrors = description.PortType == PortType.RootPort ? new RootErrorRegisters(Space, Aer.Offset) : null;
        if (description.PortType != PortType.UpstreamPort)
        {
            ExtendedCapabilities.AddPortAcs(Space);
        }

        if (description.Serial is { } serial)
        {
            ExtendedCapabilities.AddSerialNumber(Space, serial);
        }

        Space.KeepAsDefaults();
    }

    public BridgePortDescription Description { get; }

    /// <summary>The bytes beneath.</summary>
    public ConfigSpace Space { get; } = new();

    public PowerManagementCapability PowerManagement { get; }

    public PcieCapability Pcie { get; }

    public MsiCapability Msi { get; }

    public AerCapability Aer { get; }

    /// <summary>A root port's record of error messages; null elsewhere.</summary>
    public RootErrorRegisters? RootErrors { get; }

    /// <summary>The hot-plug slot; null on an upstream port or a port without one.</summary>
    public SlotRegisters? Slot { get; }

    /// <summary>Bus, device and function as last captured; zero before (§2.2.6.2).</summary>
    public Rid Rid { get; private set; }

    public byte PrimaryBus => Space.Get8(ConfigRegister.PrimaryBus);

    public byte SecondaryBus => Space.Get8(ConfigRegister.SecondaryBus);

    public byte SubordinateBus => Space.Get8(ConfigRegister.SubordinateBus);

    /// <summary>Memory requests may go upstream through this port.</summary>
    public bool BusMasterEnable => (Space.Get16(ConfigRegister.Command) & ConfigRegister.CommandBusMasterEnable) != 0;

    /// <summary>Memory requests may go downstream through this port.</summary>
    public bool MemorySpaceEnable => (Space.Get16(ConfigRegister.Command) & ConfigRegister.CommandMemorySpaceEnable) != 0;

    /// <summary>Software holds everything below in reset.</summary>
    public bool SecondaryBusReset => (Space.Get16(ConfigRegister.BridgeControl) & ConfigRegister.BridgeControlSecondaryBusReset) != 0;

    /// <summary>ERR_ messages from below go on (§6.2.6: Bridge Control's SERR# Enable).</summary>
    public bool ForwardsErrorMessages => (Space.Get16(ConfigRegister.BridgeControl) & ConfigRegister.BridgeControlSerrEnable) != 0;

    /// <summary>The port below sees a device with 256 functions rather than 32 devices.</summary>
    public bool AriForwarding => Pcie.AriForwarding;

    /// <inheritdoc cref="PcieCapability.MaxPayloadBytes"/>
    public int MaxPayloadBytes => Pcie.MaxPayloadBytes;

    /// <summary>Offset of the PCIe capability.</summary>
    public int PcieOffset => Pcie.Offset;

    public uint Read(int register) => Space.Read(register);

    /// <param name="register">Byte offset, DW aligned, 0 to 4092.</param>
    /// <param name="value">Little-endian, as the register.</param>
    /// <param name="enables">Which of the four bytes are written, bits 3:0.</param>
    public ConfigChange Write(int register, uint value, int enables = 0xF)
    {
        var change = Space.Write(register, value, enables);
        PowerManagement.OnWrite(change);
        Slot?.OnWrite(change, enables);
        return change;
    }

    /// <summary>Every completed type 0 configuration write tells the function its bus and device (§2.2.6.2).</summary>
    public void CaptureRid(Rid rid) => Rid = rid;

    /// <summary>True when the bus is behind this port: secondary to subordinate.</summary>
    public bool ContainsBus(byte bus) => SecondaryBus != 0 && bus >= SecondaryBus && bus <= SubordinateBus;

    /// <summary>True when a whole request lies in the memory or the prefetchable window; <see cref="MemorySpaceEnable"/> is not looked at.</summary>
    /// <param name="address">Of the first byte.</param>
    /// <param name="bytes">From first to last byte; a zero-length read counts as 1.</param>
    public bool TryMatchMemory(ulong address, int bytes)
    {
        var last = address + (ulong)Math.Max(bytes, 1) - 1;
        return last >= address && (IsInMemoryWindow(address, last) || IsInPrefetchableWindow(address, last));
    }

    /// <summary>The port's next interrupt, if one is due, MSI is enabled and bus mastering is on: a slot's event, or a root port's error.</summary>
    /// <param name="address">Where to write.</param>
    /// <param name="data">What to write: one DW.</param>
    public bool TryTakeInterrupt(out ulong address, out uint data)
    {
        // One vector: what comes due while MSI is off waits, since nobody could have been told.
        _interruptDue |= (Slot?.TryTakeInterrupt() ?? false) | (RootErrors?.TryTakeInterrupt() ?? false);
        var send = _interruptDue && Msi.Enabled && BusMasterEnable;
        _interruptDue &= !send;
        address = send ? Msi.Address : 0;
        data = send ? Msi.Data : 0;
        return send;
    }

    /// <summary>Fundamental or hot reset of the port: power-on state, but what is plugged into the slot stays plugged.</summary>
    public void Reset()
    {
        var present = Slot?.Presence ?? false;
        var active = Pcie.DataLinkActive;
        Space.Reset();
        Rid = default;
        _interruptDue = false;
        RootErrors?.OnReset();
        Slot?.OnReset(present, active);
        if (Slot is null && active)
        {
            Pcie.SetDataLinkActive(true);
        }
    }

    private bool IsInMemoryWindow(ulong first, ulong last)
    {
        var start = (ulong)(Space.Get16(ConfigRegister.MemoryBase) & WindowMask) << 16;
        var end = ((ulong)(Space.Get16(ConfigRegister.MemoryLimit) & WindowMask) << 16) | 0xFFFFF;
        return first >= start && last <= end;
    }

    private bool IsInPrefetchableWindow(ulong first, ulong last)
    {
        var start = ((ulong)Space.Get32(ConfigRegister.PrefetchableBaseUpper) << 32)
            | ((ulong)(Space.Get16(ConfigRegister.PrefetchableBase) & WindowMask) << 16);
        var end = ((ulong)Space.Get32(ConfigRegister.PrefetchableLimitUpper) << 32)
            | ((ulong)(Space.Get16(ConfigRegister.PrefetchableLimit) & WindowMask) << 16) | 0xFFFFF;
        return first >= start && last <= end;
    }

    private void LayOutHeader()
    {
        var d = Description;
        Space.Set16(ConfigRegister.VendorId, d.VendorId);
        Space.Set16(ConfigRegister.DeviceId, d.DeviceId);
        // 06_04_00h: PCI-to-PCI bridge.
        Space.Set32(ConfigRegister.RevisionId, 0x060400_00U | d.RevisionId);
        Space.Set8(ConfigRegister.HeaderType, (byte)(1 | (d.MultiFunction ? 0x80 : 0)));
        HeaderMasks.Define(Space);
        HeaderMasks.DefineSecondaryStatus(Space);
        // Primary, secondary and subordinate bus; the secondary latency timer above them reads 0.
        Space.DefineRw32(ConfigRegister.PrimaryBus, 0x00FF_FFFF);
        // Both windows start closed (base above limit), so that nothing is claimed before software has spoken.
        Space.Set16(ConfigRegister.MemoryBase, WindowMask);
        Space.Set16(ConfigRegister.PrefetchableBase, WindowMask | WindowIs64Bit);
        Space.Set16(ConfigRegister.PrefetchableLimit, WindowIs64Bit);
        Space.DefineRw16(ConfigRegister.MemoryBase, WindowMask);
        Space.DefineRw16(ConfigRegister.MemoryLimit, WindowMask);
        Space.DefineRw16(ConfigRegister.PrefetchableBase, WindowMask);
        Space.DefineRw16(ConfigRegister.PrefetchableLimit, WindowMask);
        Space.DefineRw32(ConfigRegister.PrefetchableBaseUpper, uint.MaxValue);
        Space.DefineRw32(ConfigRegister.PrefetchableLimitUpper, uint.MaxValue);
        Space.DefineRw16(
            ConfigRegister.BridgeControl,
            (1 << 0) | ConfigRegister.BridgeControlSerrEnable | ConfigRegister.BridgeControlSecondaryBusReset);
    }

    private void AddSubsystem()
    {
        var offset = Space.AddCapability(CapabilityId.SubsystemVendorId, 8);
        Space.Set16(offset + 4, Description.SubsystemVendorId);
        Space.Set16(offset + 6, Description.SubsystemId);
    }
}
