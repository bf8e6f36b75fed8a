namespace ExpEther.Pcie.Config;

/// <summary>Offsets within the PCI Express capability, and the bits used here (PCIe 5.0 §7.5.3).</summary>
public static class PcieRegister
{
    public const int Capabilities = 0x02;
    public const int DeviceCapabilities = 0x04;
    public const int DeviceControl = 0x08;
    public const int DeviceStatus = 0x0A;
    public const int LinkCapabilities = 0x0C;
    public const int LinkControl = 0x10;
    public const int LinkStatus = 0x12;
    public const int SlotCapabilities = 0x14;
    public const int SlotControl = 0x18;
    public const int SlotStatus = 0x1A;
    public const int RootControl = 0x1C;
    public const int RootCapabilities = 0x1E;
    public const int RootStatus = 0x20;
    public const int DeviceCapabilities2 = 0x24;
    public const int DeviceControl2 = 0x28;
    public const int LinkCapabilities2 = 0x2C;
    public const int LinkControl2 = 0x30;
    public const int LinkStatus2 = 0x32;

    /// <summary>Length of the capability, version 2.</summary>
    public const int Bytes = 0x3C;

    public const ushort CapabilitiesSlotImplemented = 1 << 8;

    public const uint DeviceCapabilitiesExtendedTag = 1 << 5;
    public const uint DeviceCapabilitiesRoleBasedErrors = 1 << 15;
    public const uint DeviceCapabilitiesFlr = 1 << 28;

    public const ushort DeviceControlCorrectableEnable = 1 << 0;
    public const ushort DeviceControlNonFatalEnable = 1 << 1;
    public const ushort DeviceControlFatalEnable = 1 << 2;
    public const ushort DeviceControlUnsupportedRequestEnable = 1 << 3;
    public const ushort DeviceControlRelaxedOrdering = 1 << 4;
    public const ushort DeviceControlExtendedTag = 1 << 8;
    public const ushort DeviceControlNoSnoop = 1 << 11;
    public const ushort DeviceControlInitiateFlr = 1 << 15;
    public const ushort DeviceControlMaxPayloadMask = 7 << 5;
    public const ushort DeviceControlMaxReadRequestMask = 7 << 12;

    public const ushort DeviceStatusCorrectable = 1 << 0;
    public const ushort DeviceStatusNonFatal = 1 << 1;
    public const ushort DeviceStatusFatal = 1 << 2;
    public const ushort DeviceStatusUnsupportedRequest = 1 << 3;
    public const ushort DeviceStatusTransactionsPending = 1 << 5;

    public const uint LinkCapabilitiesDataLinkActiveReporting = 1 << 20;
    public const uint LinkCapabilitiesBandwidthNotification = 1 << 21;
    public const uint LinkCapabilitiesAspmOptionality = 1 << 22;

    public const ushort LinkControlReadCompletionBoundary = 1 << 3;
    public const ushort LinkControlLinkDisable = 1 << 4;
    public const ushort LinkControlRetrain = 1 << 5;
    public const ushort LinkControlBandwidthInterrupts = 3 << 10;

    public const ushort LinkStatusSlotClock = 1 << 12;
    public const ushort LinkStatusDataLinkActive = 1 << 13;
    public const ushort LinkStatusBandwidthChanged = 3 << 14;

    public const uint SlotCapabilitiesAttentionButton = 1 << 0;
    public const uint SlotCapabilitiesPowerController = 1 << 1;
    public const uint SlotCapabilitiesAttentionIndicator = 1 << 3;
    public const uint SlotCapabilitiesPowerIndicator = 1 << 4;
    public const uint SlotCapabilitiesHotPlugSurprise = 1 << 5;
    public const uint SlotCapabilitiesHotPlugCapable = 1 << 6;
    public const uint SlotCapabilitiesNoCommandCompleted = 1 << 18;

    public const ushort SlotControlAttentionButtonEnable = 1 << 0;
    public const ushort SlotControlPowerFaultEnable = 1 << 1;
    public const ushort SlotControlPresenceDetectChangedEnable = 1 << 3;
    public const ushort SlotControlCommandCompletedEnable = 1 << 4;
    public const ushort SlotControlHotPlugInterruptEnable = 1 << 5;
    public const ushort SlotControlAttentionIndicatorMask = 3 << 6;
    public const ushort SlotControlPowerIndicatorMask = 3 << 8;
    public const ushort SlotControlPowerOff = 1 << 10;
    public const ushort SlotControlDataLinkStateChangedEnable = 1 << 12;

    public const ushort SlotStatusAttentionButtonPressed = 1 << 0;
    public const ushort SlotStatusPowerFault = 1 << 1;
    public const ushort SlotStatusPresenceDetectChanged = 1 << 3;
    public const ushort SlotStatusCommandCompleted = 1 << 4;
    public const ushort SlotStatusPresenceDetectState = 1 << 6;
    public const ushort SlotStatusDataLinkStateChanged = 1 << 8;

    public const ushort RootCapabilitiesCrsVisibility = 1 << 0;
    public const ushort RootControlCrsVisibilityEnable = 1 << 4;

    public const uint DeviceCapabilities2CompletionTimeoutRanges = 0xF;
    public const uint DeviceCapabilities2CompletionTimeoutDisable = 1 << 4;
    public const uint DeviceCapabilities2AriForwarding = 1 << 5;
    public const uint DeviceCapabilities2AtomicRouting = 1 << 6;
    public const uint DeviceCapabilities2Atomic32Completer = 1 << 7;
    public const uint DeviceCapabilities2Atomic64Completer = 1 << 8;
    public const uint DeviceCapabilities2Tag10BitCompleter = 1 << 16;
    public const uint DeviceCapabilities2Tag10BitRequester = 1 << 17;

    public const ushort DeviceControl2AriForwardingEnable = 1 << 5;
    public const ushort DeviceControl2Tag10BitRequesterEnable = 1 << 12;
}
