using CsCheck;
using ExpEther.Pcie.Config;

namespace ExpEther.Pcie.Tests;

/// <summary>The hot-plug slot as pciehp sees it (PCIe 5.0 §6.7, §7.5.3.9 to §7.5.3.11).</summary>
public class SlotRegistersTests
{
    private const int AttentionEnable = 0x01;
    private const int PresenceEnable = 0x08;
    private const int CommandEnable = 0x10;
    private const int InterruptEnable = 0x20;
    private const int IndicatorsOff = 0x03C0;
    private const int PowerOffBit = 0x0400;
    private const int LinkEnable = 0x1000;

    private const int AttentionPressed = 0x001;
    private const int PresenceChanged = 0x008;
    private const int CommandCompleted = 0x010;
    private const int PresenceState = 0x040;
    private const int LinkChanged = 0x100;

    private readonly BridgePortConfig _port = PortSample.Make(PortType.DownstreamPort);

    private SlotRegisters Slot => _port.Slot!;

    private int Status => (int)(_port.Read(_port.PcieOffset + 0x18) >> 16);

    [Fact]
    public void Starts_empty_off_and_quiet()
    {
        Assert.Equal(3U << 19 | 0b111_1011, _port.Read(_port.PcieOffset + 0x14));
        Assert.Equal(0x0100U, (_port.Read(_port.PcieOffset) >> 16) & 0x0100);
        Assert.Equal(3, Slot.Number);
        Assert.False(Slot.PowerOn || Slot.Presence || Slot.DataLinkActive || Slot.InterruptPending);
        Assert.Equal((IndicatorState.Off, IndicatorState.Off), (Slot.AttentionIndicator, Slot.PowerIndicator));
        Assert.Equal(0, Status);
    }

    [Fact]
    public void Plugging_a_card_in_sets_presence_then_link_events_once_each()
    {
        Slot.SetPresence(true);
        Assert.Equal(PresenceState | PresenceChanged, Status);
        Slot.SetPresence(true);
        ClearStatus(PresenceChanged);
        Assert.Equal(PresenceState, Status);
        Slot.SetPresence(true);
        Assert.Equal(PresenceState, Status);

        Slot.SetDataLinkActive(true);
        Assert.Equal(PresenceState | LinkChanged, Status);
        Assert.Equal(0x2000U, (_port.Read(_port.PcieOffset + 0x10) >> 16) & 0x2000);
        Assert.NotEqual(0U, (_port.Read(_port.PcieOffset + 0x10) >> 20) & 0x3F);
    }

    [Fact]
    public void Every_control_write_completes_a_command_and_a_status_write_does_not()
    {
        WriteControl(IndicatorsOff | PowerOffBit);
        Assert.Equal(CommandCompleted, Status);
        ClearStatus(CommandCompleted);
        Assert.Equal(0, Status);
        WriteControl(0x0140);
        Assert.Equal(CommandCompleted, Status);
        Assert.True(Slot.PowerOn);
        Assert.Equal((IndicatorState.On, IndicatorState.On), (Slot.AttentionIndicator, Slot.PowerIndicator));
        WriteControl(0x0280);
        Assert.Equal((IndicatorState.Blink, IndicatorState.Blink), (Slot.AttentionIndicator, Slot.PowerIndicator));
    }

    [Fact]
    public void Event_without_its_enable_or_the_master_enable_is_silent()
    {
        WriteControl(IndicatorsOff | AttentionEnable);
        Slot.PressAttentionButton();
        Assert.False(Slot.InterruptPending || Slot.TryTakeInterrupt());
        WriteControl(IndicatorsOff | InterruptEnable | PresenceEnable);
        Assert.False(Slot.InterruptPending || Slot.TryTakeInterrupt());
        WriteControl(IndicatorsOff | InterruptEnable | AttentionEnable);
        Assert.True(Slot.InterruptPending && Slot.TryTakeInterrupt());
    }

    [Fact]
    public void Second_event_while_the_first_is_unserved_makes_no_interrupt()
    {
        WriteControl(IndicatorsOff | InterruptEnable | AttentionEnable | PresenceEnable | LinkEnable);
        Slot.PressAttentionButton();
        Assert.True(Slot.TryTakeInterrupt());
        Slot.SetPresence(true);
        Assert.False(Slot.TryTakeInterrupt());
        ClearStatus(AttentionPressed);
        Assert.True(Slot.InterruptPending);
        Assert.False(Slot.TryTakeInterrupt());
        ClearStatus(PresenceChanged);
        Slot.SetDataLinkActive(true);
        Assert.True(Slot.TryTakeInterrupt());
    }

    [Fact]
    public void Command_completed_interrupts_when_asked_for()
    {
        WriteControl(IndicatorsOff | InterruptEnable | CommandEnable);
        Assert.True(Slot.TryTakeInterrupt());
        ClearStatus(CommandCompleted);
        WriteControl(IndicatorsOff | InterruptEnable | CommandEnable);
        Assert.True(Slot.TryTakeInterrupt());
    }

    [Fact]
    public void Interrupt_comes_at_each_turn_from_quiet_to_pending_whatever_the_order_of_events() =>
        Gen.Select(Gen.Int[0, 5], Gen.UShort).Array[0, 60].Sample(steps =>
        {
            var port = PortSample.Make(PortType.DownstreamPort);
            var slot = port.Slot!;
            int control = 0x07C0, status = 0;
            var (was, due) = (false, false);
            void Look()
            {
                // Slot Status bit, Slot Control enable (§7.5.3.10, §7.5.3.11).
                (int Event, int Enable)[] pairs = [(0x1, 0x1), (0x2, 0x2), (0x8, 0x8), (0x10, 0x10), (0x100, 0x1000)];
                var pending = (control & InterruptEnable) != 0 && pairs.Any(pair => (status & pair.Event) != 0 && (control & pair.Enable) != 0);
                due |= pending && !was;
                was = pending;
            }

            foreach (var (what, value) in steps)
            {
                switch (what)
                {
                    case 0:
                        slot.PressAttentionButton();
                        status |= AttentionPressed;
                        break;
                    case 1:
                        slot.SetPresence((value & 1) != 0);
                        status |= (status & PresenceState) != 0 == ((value & 1) != 0) ? 0 : PresenceChanged;
                        status = (status & ~PresenceState) | ((value & 1) != 0 ? PresenceState : 0);
                        break;
                    case 2:
                        status |= slot.DataLinkActive == ((value & 1) != 0) ? 0 : LinkChanged;
                        slot.SetDataLinkActive((value & 1) != 0);
                        break;
                    case 3:
                        port.Write(port.PcieOffset + 0x18, value, 0b0011);
                        control = value & 0x17FB;
                        Look();
                        status |= CommandCompleted;
                        break;
                    case 4:
                        port.Write(port.PcieOffset + 0x18, (uint)value << 16, 0b1100);
                        status &= ~(value & 0x11B);
                        break;
                    default:
                        Assert.Equal(due, slot.TryTakeInterrupt());
                        due = false;
                        break;
                }

                Look();
                Assert.Equal(was, slot.InterruptPending);
                Assert.Equal(status, (int)(port.Read(port.PcieOffset + 0x18) >> 16));
            }
        }, iter: 2_000);

    private void WriteControl(int value) => _port.Write(_port.PcieOffset + 0x18, (uint)value, 0b0011);

    private void ClearStatus(int bits) => _port.Write(_port.PcieOffset + 0x18, (uint)bits << 16, 0b1100);
}
