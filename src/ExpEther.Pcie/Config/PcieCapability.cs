using System.Numerics;

namespace ExpEther.Pcie.Config;

/// <summary>
/// The PCI Express capability, version 2, of an endpoint or a port (PCIe 5.0 §7.5.3): lays its registers out and reads back what
/// software set. Slot registers are <see cref="SlotRegisters"/>'.
/// </summary>
public sealed class PcieCapability
{
    // What a physical link would have trained to; shown by lspci, obeyed by nobody: the link here is Ethernet. From 8 GT/s on more
    // capabilities would be required (§7.7.3) that say nothing about such a link.
    private const int LinkSpeed5GTs = 2;
    private const int LinkWidthX4 = 4;
    private const int SupportedSpeedsTo5GTs = 0b0011 << 1;
    private const int MaxReadRequest512 = 2;

    private readonly ConfigSpace _space;
    private readonly PcieCapability _settings;
    private readonly int _payloadCodeMax;

    private PcieCapability(ConfigSpace space, PortType type, int maxPayloadSupported, PcieCapability? physical = null)
    {
        Check.That(maxPayloadSupported is >= 128 and <= 4096 && BitOperations.IsPow2(maxPayloadSupported));
        _space = space;
        _settings = physical ?? this;
        _payloadCodeMax = BitOperations.Log2((uint)maxPayloadSupported) - 7;
        Type = type;
        Offset = space.AddCapability(CapabilityId.PciExpress, PcieRegister.Bytes);
        space.Set16(Offset + PcieRegister.Capabilities, (ushort)(2 | ((int)type << 4)));
        LayOutDevice(physical is not null);
        LayOutLink(physical is not null);
    }

    public PortType Type { get; }

    public int Offset { get; }

    /// <summary>Max_Payload_Size in bytes; never more than is supported.</summary>
    public int MaxPayloadBytes => 128 << Math.Min((DeviceControl >> 5) & 7, _payloadCodeMax);

    /// <summary>Max_Read_Request_Size in bytes, 128 to 4096.</summary>
    public int MaxReadRequestBytes => 128 << Math.Min((DeviceControl >> 12) & 7, 5);

    /// <summary>64 or 128.</summary>
    public int ReadCompletionBoundaryBytes => (LinkControl & PcieRegister.LinkControlReadCompletionBoundary) != 0 ? 128 : 64;

    /// <summary>Tags of 8 bits may be used; else 5.</summary>
    public bool ExtendedTagEnabled => (DeviceControl & PcieRegister.DeviceControlExtendedTag) != 0;

    public bool Tag10BitEnabled => (DeviceControl2 & PcieRegister.DeviceControl2Tag10BitRequesterEnable) != 0;

    public bool AriForwarding => (DeviceControl2 & PcieRegister.DeviceControl2AriForwardingEnable) != 0;

    public bool LinkDisabled => (LinkControl & PcieRegister.LinkControlLinkDisable) != 0;

    public bool DataLinkActive => (_space.Get16(Offset + PcieRegister.LinkStatus) & PcieRegister.LinkStatusDataLinkActive) != 0;

    private int DeviceControl => _settings._space.Get16(_settings.Offset + PcieRegister.DeviceControl);

    private int DeviceControl2 => _settings._space.Get16(_settings.Offset + PcieRegister.DeviceControl2);

    private int LinkControl => _settings._space.Get16(_settings.Offset + PcieRegister.LinkControl);

    /// <summary>Device Status' Transactions Pending: the function has non-posted requests outstanding.</summary>
    public void SetTransactionsPending(bool pending)
    {
        if (pending)
        {
            _space.SetBits16(Offset + PcieRegister.DeviceStatus, PcieRegister.DeviceStatusTransactionsPending);
        }
        else
        {
            _space.ClearBits16(Offset + PcieRegister.DeviceStatus, PcieRegister.DeviceStatusTransactionsPending);
        }
    }

    /// <summary>
    /// The link below a port is up, or not: Data Link Layer Link Active, width and speed. A hot-plug slot's goes by
    /// <see cref="SlotRegisters"/>.
    /// </summary>
    public void SetDataLinkActive(bool active)
    {
        SetLinkTrained(active);
        if (active)
        {
            _space.SetBits16(Offset + PcieRegister.LinkStatus, PcieRegister.LinkStatusDataLinkActive);
        }
        else
        {
            _space.ClearBits16(Offset + PcieRegister.LinkStatus, PcieRegister.LinkStatusDataLinkActive);
        }
    }

    /// <param name="space">The function's.</param>
    /// <param name="d">What it is.</param>
    /// <param name="physical">A VF's PF: what software set there counts for the VF.</param>
    internal static PcieCapability ForEndpoint(ConfigSpace space, EndpointDescription d, PcieCapability? physical)
    {
        var it = new PcieCapability(space, PortType.Endpoint, d.MaxPayloadSupported, physical);
        Add(space, it.Offset + PcieRegister.DeviceCapabilities, PcieRegister.DeviceCapabilitiesFlr, d.FlrCapable);
        var capabilities2 = it.Offset + PcieRegister.DeviceCapabilities2;
        Add(
            space, capabilities2,
            PcieRegister.DeviceCapabilities2CompletionTimeoutRanges | PcieRegister.DeviceCapabilities2CompletionTimeoutDisable, true);
        Add(space, capabilities2, PcieRegister.DeviceCapabilities2Atomic32Completer | PcieRegister.DeviceCapabilities2Atomic64Completer, d.AtomicCompleter);
        Add(space, capabilities2, PcieRegister.DeviceCapabilities2Tag10BitCompleter, d.Tag10BitCompleter || d.Tag10BitRequester);
        Add(space, capabilities2, PcieRegister.DeviceCapabilities2Tag10BitRequester, d.Tag10BitRequester);
        if (physical is not null)
        {
            // §9.3.5.10: completion timeouts, tags and the RCB are set in the PF.
            return it;
        }

        space.DefineRw16(it.Offset + PcieRegister.DeviceControl2, 0x1F);
        if (d.Tag10BitRequester)
        {
            space.DefineRw16(it.Offset + PcieRegister.DeviceControl2, PcieRegister.DeviceControl2Tag10BitRequesterEnable);
        }

        // An endpoint's RCB is what software tells it the root complex has; ports report their own (§7.5.3.7).
        space.DefineRw16(it.Offset + PcieRegister.LinkControl, PcieRegister.LinkControlReadCompletionBoundary);
        space.DefineSticky16(it.Offset + PcieRegister.LinkControl, PcieRegister.LinkControlReadCompletionBoundary);
        it.SetLinkTrained(true);
        return it;
    }

    internal static PcieCapability ForPort(ConfigSpace space, BridgePortDescription d)
    {
        var it = new PcieCapability(space, d.PortType, d.MaxPayloadSupported);
        Add(space, it.Offset + PcieRegister.LinkCapabilities, (uint)d.PortNumber << 24, true);
        var capabilities2 = it.Offset + PcieRegister.DeviceCapabilities2;
        Add(space, capabilities2, PcieRegister.DeviceCapabilities2AtomicRouting, true);
        if (d.PortType == PortType.UpstreamPort)
        {
            it.SetLinkTrained(true);
            return it;
        }

        Add(
            space, it.Offset + PcieRegister.LinkCapabilities,
            PcieRegister.LinkCapabilitiesDataLinkActiveReporting | PcieRegister.LinkCapabilitiesBandwidthNotification, true);
        space.DefineRw16(it.Offset + PcieRegister.LinkControl, PcieRegister.LinkControlBandwidthInterrupts);
        space.DefineRw1c16(it.Offset + PcieRegister.LinkStatus, PcieRegister.LinkStatusBandwidthChanged);
        Add(space, capabilities2, PcieRegister.DeviceCapabilities2AriForwarding, true);
        space.DefineRw16(it.Offset + PcieRegister.DeviceControl2, PcieRegister.DeviceControl2AriForwardingEnable);
        space.DefineRw16(it.Offset + PcieRegister.LinkControl, PcieRegister.LinkControlLinkDisable);
        if (d.PortType == PortType.RootPort)
        {
            space.Set16(it.Offset + PcieRegister.RootCapabilities, PcieRegister.RootCapabilitiesCrsVisibility);
            space.DefineRw16(it.Offset + PcieRegister.RootControl, PcieRegister.RootControlCrsVisibilityEnable | 0xF);
            Add(space, capabilities2, PcieRegister.DeviceCapabilities2Tag10BitCompleter, true);
        }

        return it;
    }

    private static void Add(ConfigSpace space, int offset, uint bits, bool when)
    {
        if (when)
        {
            space.Set32(offset, space.Get32(offset) | bits);
        }
    }

    private void LayOutDevice(bool isVirtualFunction)
    {
        var capabilities = (uint)_payloadCodeMax | PcieRegister.DeviceCapabilitiesRoleBasedErrors;
        ushort control = PcieRegister.DeviceControlCorrectableEnable | PcieRegister.DeviceControlNonFatalEnable
            | PcieRegister.DeviceControlFatalEnable | PcieRegister.DeviceControlUnsupportedRequestEnable
            | PcieRegister.DeviceControlMaxPayloadMask;
        if (Type == PortType.Endpoint)
        {
            // §7.5.3.4: Relaxed Ordering and No Snoop default to 1, Max_Read_Request_Size to 512 bytes. Extended Tag's default is ours.
            control |= PcieRegister.DeviceControlRelaxedOrdering | PcieRegister.DeviceControlExtendedTag | PcieRegister.DeviceControlNoSnoop
                | PcieRegister.DeviceControlMaxReadRequestMask;
            _space.Set16(
                Offset + PcieRegister.DeviceControl,
                PcieRegister.DeviceControlRelaxedOrdering | PcieRegister.DeviceControlExtendedTag | PcieRegister.DeviceControlNoSnoop
                    | (MaxReadRequest512 << 12));
            capabilities |= PcieRegister.DeviceCapabilitiesExtendedTag;
        }

        _space.Set32(Offset + PcieRegister.DeviceCapabilities, capabilities);
        _space.DefineRw1c16(Offset + PcieRegister.DeviceStatus, 0xF);
        if (isVirtualFunction)
        {
            // §9.3.5.4: a VF's Device Control reads 0 and does what its PF's says; only Initiate FLR, which is never stored, is its own.
            _space.Set16(Offset + PcieRegister.DeviceControl, 0);
            return;
        }

        _space.DefineRw16(Offset + PcieRegister.DeviceControl, control);
        // §6.6.2: FLR leaves Max_Payload_Size alone.
        _space.DefineSticky16(Offset + PcieRegister.DeviceControl, PcieRegister.DeviceControlMaxPayloadMask);
    }

    private void LayOutLink(bool isVirtualFunction)
    {
        _space.Set32(Offset + PcieRegister.LinkCapabilities, LinkSpeed5GTs | (LinkWidthX4 << 4) | PcieRegister.LinkCapabilitiesAspmOptionality);
        _space.Set32(Offset + PcieRegister.LinkCapabilities2, SupportedSpeedsTo5GTs);
        if (isVirtualFunction)
        {
            // §9.3.5.7 to §9.3.5.8: control and status of the link are the PF's.
            return;
        }

        _space.Set16(Offset + PcieRegister.LinkControl2, LinkSpeed5GTs);
        // ASPM, common clock and extended synch can be written; there is no physical layer to heed them.
        _space.DefineRw16(Offset + PcieRegister.LinkControl, 0b1100_0011);
        _space.DefineRw16(Offset + PcieRegister.LinkControl2, 0xF);
        _space.DefineSticky16(Offset + PcieRegister.LinkControl, 0b1100_0011);
        _space.DefineSticky16(Offset + PcieRegister.LinkControl2, 0xF);
        SetLinkTrained(false);
    }

    private void SetLinkTrained(bool trained) => _space.Set16(
        Offset + PcieRegister.LinkStatus,
        (ushort)(PcieRegister.LinkStatusSlotClock | (trained ? LinkSpeed5GTs | (LinkWidthX4 << 4) : 0)));
}
