using ExpEther.Bridge.Hosts;
using ExpEther.Bridge.Protocol;
using ExpEther.Core.Time;
using ExpEther.Pcie.Config;

namespace ExpEther.Bridge.Tests.Hosts;

/// <summary>The slot as the host's software sees it through its registers (PCIe 5.0 §6.7).</summary>
public class HotPlugSequenceTests
{
    private const uint PowerOn = 0;
    private const uint PowerOff = 1 << 10;
    private const uint HotPlugInterruptEnable = 1 << 5;
    private const uint AllEvents = 0xFFFF_0000;
    private const uint AttentionButtonPressed = 1 << 16;
    private const uint PresenceDetectChanged = 1 << 19;
    private const uint DataLinkStateChanged = 1 << 24;
    private const uint PresenceDetectState = 1 << 22;

    private readonly BridgePortConfig _port = new(new BridgePortDescription
    {
        PortType = PortType.DownstreamPort,
        VendorId = 1,
        DeviceId = 1,
        SlotNumber = 1,
    });

    private readonly HotPlugSequence _slot;
    private Instant _now;

    public HotPlugSequenceTests() => _slot = new HotPlugSequence(_port);

    [Fact]
    public void A_function_that_comes_shows_presence_and_its_link_once_it_has_power()
    {
        _slot.Insert(Function(1), _now);

        Assert.Equal(SlotState.Off, _slot.State);
        Assert.Equal(PresenceDetectState | PresenceDetectChanged, Slot & (PresenceDetectState | PresenceDetectChanged | DataLinkStateChanged));

        Write(PowerOn);

        Assert.Equal(SlotState.On, _slot.State);
        Assert.True(_slot.IsReachable);
        Assert.True(_port.Slot!.DataLinkActive);
        Assert.NotEqual(0U, Slot & DataLinkStateChanged);
    }

    [Fact]
    public void A_release_presses_the_button_once_and_ends_when_the_host_powers_off()
    {
        var function = Function(1);
        _slot.Insert(function, _now);
        Write(PowerOn | AllEvents);

        Assert.Null(_slot.PressAttention(_now));
        Assert.NotEqual(0U, Slot & AttentionButtonPressed);
        Assert.Equal(SlotState.Releasing, _slot.State);
        Assert.True(_slot.IsReachable);

        // Two presses cancel each other: the second request must not become one.
        Write(PowerOn | AllEvents);
        _slot.PressAttention(_now);
        Assert.Equal(0U, Slot & AttentionButtonPressed);

        Assert.Same(function, Write(PowerOff | AllEvents));
        Assert.Equal(SlotState.Empty, _slot.State);
        Assert.False(_port.Slot!.Presence);
        Assert.False(_port.Slot.DataLinkActive);
    }

    [Fact]
    public void A_slot_without_power_is_released_without_asking()
    {
        var function = Function(1);
        _slot.Insert(function, _now);

        Assert.Same(function, _slot.PressAttention(_now));
        Assert.Equal(SlotState.Empty, _slot.State);
    }

    [Fact]
    public void A_host_that_powers_off_unasked_has_given_the_function_back()
    {
        var first = Function(1);
        _slot.Insert(first, _now);
        Write(PowerOn);

        Assert.Same(first, Write(PowerOff | AllEvents));
        Assert.False(_port.Slot!.Presence);
        Assert.False(_slot.IsReachable);

        // Power alone does not bring it back; a new assignment does.
        Write(PowerOn);
        Assert.False(_slot.IsReachable);
        _slot.Insert(Function(2), _now);
        Pass(TimeSpan.FromSeconds(2));
        Assert.True(_slot.IsReachable);
        Assert.True(_port.Slot.DataLinkActive);
    }

    [Fact]
    public void After_a_surprise_removal_the_next_function_waits_until_the_host_has_seen_it()
    {
        _slot.Insert(Function(1), _now);
        Write(PowerOn | HotPlugInterruptEnable | AllEvents);

        _slot.Remove(_now);

        Assert.Equal(SlotState.Empty, _slot.State);
        Assert.False(_port.Slot!.Presence);
        Assert.Equal(PresenceDetectChanged | DataLinkStateChanged, Slot & (PresenceDetectChanged | DataLinkStateChanged));

        _slot.Insert(Function(2), _now);
        Assert.Equal(SlotState.Waiting, _slot.State);
        Pass(TimeSpan.FromSeconds(2));
        Assert.Equal(SlotState.Waiting, _slot.State);
        Assert.False(_port.Slot.Presence);

        Write(PowerOff | HotPlugInterruptEnable | AllEvents);
        _slot.Poll(_now);

        Assert.Equal(SlotState.Off, _slot.State);
        Assert.True(_port.Slot.Presence);
    }

    [Fact]
    public void A_host_that_never_looks_does_not_keep_the_next_function_out_for_ever()
    {
        _slot.Insert(Function(1), _now);
        Write(PowerOn | HotPlugInterruptEnable | AllEvents);
        _slot.Remove(_now);
        _slot.Insert(Function(2), _now);

        Pass(TimeSpan.FromSeconds(HostBridgeLimits.RemovalNoticeSecondsMax));

        Assert.NotEqual(SlotState.Waiting, _slot.State);
        Assert.True(_port.Slot!.Presence);
    }

    [Fact]
    public void A_function_withdrawn_while_it_waits_never_comes()
    {
        _slot.Insert(Function(1), _now);
        _slot.Remove(_now);
        _slot.Insert(Function(2), _now);
        _slot.Remove(_now);
        Pass(TimeSpan.FromSeconds(60));

        Assert.Equal(SlotState.Empty, _slot.State);
        Assert.False(_port.Slot!.Presence);
    }

    private uint Slot => _port.Read(_port.PcieOffset + 0x18);

    private static SlotOccupant Function(ulong generation) => new(null!, new PresentMessage(1, generation, "disk", 0x1B36, 0x10, 0x010802, 1));

    private SlotOccupant? Write(uint control)
    {
        _port.Write(_port.PcieOffset + 0x18, control);
        return _slot.OnRegistersWritten(_now);
    }

    private void Pass(TimeSpan time)
    {
        _now += time;
        _slot.Poll(_now);
    }
}
