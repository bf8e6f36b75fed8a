namespace ExpEther.Pcie.Config;

/// <summary>
/// Slot capability, control and status of a hot-plug port (PCIe 5.0 §7.5.3.9 to §7.5.3.11, §6.7), with attention button, power
/// controller, both indicators, hot-plug surprise and command completed.
/// <para>
/// Theory: an event sets its status bit (RW1C): attention button pressed, presence detect changed, data link layer state changed, and
/// command completed after every write of Slot Control (a command takes no time here, so its bit is set when the write is done). An
/// interrupt is due when "interrupt enable, and any event with its own enable" turns from false to true, not while it stays true
/// (§6.7.3.4): software that leaves one status bit set hears of no other. The due interrupt waits in <see cref="TryTakeInterrupt"/>
/// even when the condition has gone again by then, as a message already on its way would.
/// </para>
/// Presence and data link state are what is plugged in; no reset of the port changes them.
/// </summary>
public sealed class SlotRegisters
{
    private const int NumberShift = 19;
    private const int AttentionIndicatorShift = 6;
    private const int PowerIndicatorShift = 8;

    private const ushort Events = PcieRegister.SlotStatusAttentionButtonPressed | PcieRegister.SlotStatusPowerFault
        | PcieRegister.SlotStatusPresenceDetectChanged | PcieRegister.SlotStatusCommandCompleted | PcieRegister.SlotStatusDataLinkStateChanged;

    private const ushort WritableControl = PcieRegister.SlotControlAttentionButtonEnable | PcieRegister.SlotControlPowerFaultEnable
        | PcieRegister.SlotControlPresenceDetectChangedEnable | PcieRegister.SlotControlCommandCompletedEnable
        | PcieRegister.SlotControlHotPlugInterruptEnable | PcieRegister.SlotControlAttentionIndicatorMask
        | PcieRegister.SlotControlPowerIndicatorMask | PcieRegister.SlotControlPowerOff | PcieRegister.SlotControlDataLinkStateChangedEnable;

    private readonly ConfigSpace _space;
    private readonly PcieCapability _pcie;
    private bool _interruptDue;
    private bool _wasPending;

    internal SlotRegisters(ConfigSpace space, PcieCapability pcie, int number)
    {
        Check.That(number is > 0 and < 1 << 13);
        _space = space;
        _pcie = pcie;
        Number = number;
        space.SetBits16(pcie.Offset + PcieRegister.Capabilities, PcieRegister.CapabilitiesSlotImplemented);
        space.Set32(
            pcie.Offset + PcieRegister.SlotCapabilities,
            PcieRegister.SlotCapabilitiesAttentionButton | PcieRegister.SlotCapabilitiesPowerController
                | PcieRegister.SlotCapabilitiesAttentionIndicator | PcieRegister.SlotCapabilitiesPowerIndicator
                | PcieRegister.SlotCapabilitiesHotPlugSurprise | PcieRegister.SlotCapabilitiesHotPlugCapable | ((uint)number << NumberShift));
        space.Set16(
            ControlOffset,
            PcieRegister.SlotControlPowerOff | ((int)IndicatorState.Off << AttentionIndicatorShift) | ((int)IndicatorState.Off << PowerIndicatorShift));
        space.DefineRw16(ControlOffset, WritableControl);
        space.DefineRw1c16(StatusOffset, Events);
    }

    /// <summary>Physical Slot Number.</summary>
    public int Number { get; }

    /// <summary>Power Controller Control: what software asked for. Off after a reset.</summary>
    public bool PowerOn => (Control & PcieRegister.SlotControlPowerOff) == 0;

    public IndicatorState AttentionIndicator => (IndicatorState)((Control >> AttentionIndicatorShift) & 3);

    public IndicatorState PowerIndicator => (IndicatorState)((Control >> PowerIndicatorShift) & 3);

    public bool Presence => (Status & PcieRegister.SlotStatusPresenceDetectState) != 0;

    public bool DataLinkActive => _pcie.DataLinkActive;

    /// <summary>True while interrupts are enabled and an enabled event is unserved.</summary>
    public bool InterruptPending => (Control & PcieRegister.SlotControlHotPlugInterruptEnable) != 0 && (Status & EnabledEvents) != 0;

    private int ControlOffset => _pcie.Offset + PcieRegister.SlotControl;

    private int StatusOffset => _pcie.Offset + PcieRegister.SlotStatus;

    private ushort Control => _space.Get16(ControlOffset);

    private ushort Status => _space.Get16(StatusOffset);

    // Status bits 4:0 have their enables at the same places in Slot Control; the data link event's are 8 and 12.
    private int EnabledEvents => (Control & 0x1F)
        | ((Control & PcieRegister.SlotControlDataLinkStateChangedEnable) != 0 ? PcieRegister.SlotStatusDataLinkStateChanged : 0);

    public void PressAttentionButton() => Signal(PcieRegister.SlotStatusAttentionButtonPressed);

    /// <summary>A card is in the slot, or not. Sets Presence Detect Changed when that is news.</summary>
    public void SetPresence(bool present)
    {
        if (present == Presence)
        {
            return;
        }

        _space.Set16(StatusOffset, (ushort)(Status ^ PcieRegister.SlotStatusPresenceDetectState));
        Signal(PcieRegister.SlotStatusPresenceDetectChanged);
    }

    /// <summary>The link below is up, or not. Sets Data Link Layer State Changed when that is news.</summary>
    public void SetDataLinkActive(bool active)
    {
        if (active == DataLinkActive)
        {
            return;
        }

        _pcie.SetDataLinkActive(active);
        Signal(PcieRegister.SlotStatusDataLinkStateChanged);
    }

    /// <summary>True once per interrupt that is due; the owner sends it as the port's MSI.</summary>
    public bool TryTakeInterrupt()
    {
        var due = _interruptDue;
        _interruptDue = false;
        return due;
    }

    internal void OnWrite(in ConfigChange change, int enables)
    {
        if (!change.IsAt(ControlOffset))
        {
            return;
        }

        // Status shares the DW: a write of its bytes alone is no command.
        if ((enables & 0b0011) != 0)
        {
            // A status bit set by the command this write is, not one that the same write may just have cleared.
            Signal(PcieRegister.SlotStatusCommandCompleted);
            return;
        }

        Refresh();
    }

    internal void OnReset(bool present, bool active)
    {
        _interruptDue = false;
        _wasPending = false;
        if (present)
        {
            _space.SetBits16(StatusOffset, PcieRegister.SlotStatusPresenceDetectState);
        }

        _pcie.SetDataLinkActive(active);
    }

    private void Signal(ushort statusBit)
    {
        // Software may have cleared the last status bit in this very write: that is a turn to false and back to true.
        Refresh();
        _space.SetBits16(StatusOffset, statusBit);
        Refresh();
    }

    private void Refresh()
    {
        var pending = InterruptPending;
        _interruptDue |= pending && !_wasPending;
        _wasPending = pending;
    }
}
