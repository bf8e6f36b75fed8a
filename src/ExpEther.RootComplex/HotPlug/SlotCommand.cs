using ExpEther.Pcie.Config;

namespace ExpEther.RootComplex.HotPlug;

/// <summary>Values for Slot Control and Slot Status as the controller uses them together (PCIe 5.0 §7.5.3.10, §7.5.3.11).</summary>
internal static class SlotCommand
{
    /// <summary>Events that are watched; the MRL sensor is not.</summary>
    public const ushort Events =
        PcieRegister.SlotStatusAttentionButtonPressed | PcieRegister.SlotStatusPowerFault | PcieRegister.SlotStatusPresenceDetectChanged
        | PcieRegister.SlotStatusCommandCompleted | PcieRegister.SlotStatusDataLinkStateChanged;

    public const ushort Enables =
        PcieRegister.SlotControlAttentionButtonEnable | PcieRegister.SlotControlPowerFaultEnable
        | PcieRegister.SlotControlPresenceDetectChangedEnable | PcieRegister.SlotControlCommandCompletedEnable
        | PcieRegister.SlotControlHotPlugInterruptEnable | PcieRegister.SlotControlDataLinkStateChangedEnable;

    public const ushort AttentionOn = (int)IndicatorState.On << 6;
    public const ushort AttentionOff = (int)IndicatorState.Off << 6;

    public const ushort PowerIndicatorOn = (int)IndicatorState.On << 8;
    public const ushort PowerIndicatorBlink = (int)IndicatorState.Blink << 8;
    public const ushort PowerIndicatorOff = (int)IndicatorState.Off << 8;
}
