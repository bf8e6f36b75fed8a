using CsCheck;
using ExpEther.Pcie.Config;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Pcie.Tests;

public class BridgePortConfigTests
{
    [Theory]
    [InlineData(PortType.RootPort, 4, true)]
    [InlineData(PortType.UpstreamPort, 5, false)]
    [InlineData(PortType.DownstreamPort, 6, true)]
    public void Port_shows_its_type_and_what_belongs_to_it(PortType type, int coded, bool hasAcs)
    {
        var port = PortSample.Make(type);
        Assert.Equal(0x060400U, port.Read(0x08) >> 8);
        Assert.Equal(0x01U, (port.Read(0x0C) >> 16) & 0xFF);
        Assert.Equal((uint)coded, (port.Read(port.PcieOffset) >> 20) & 0xF);
        Assert.Equal(hasAcs, port.Space.FindExtendedCapability(ExtendedCapabilityId.AccessControlServices) != 0);
        Assert.NotEqual(0, port.Space.FindCapability(CapabilityId.Msi));
        Assert.NotEqual(0, port.Space.FindCapability(CapabilityId.SubsystemVendorId));
        Assert.NotEqual(0, port.Space.FindExtendedCapability(ExtendedCapabilityId.AdvancedErrorReporting));
        Assert.Equal(type == PortType.RootPort, port.RootErrors is not null);
    }

    [Fact]
    public void Windows_start_closed_and_match_whole_requests()
    {
        var port = PortSample.Make(PortType.DownstreamPort);
        Assert.False(port.TryMatchMemory(0, 4));
        Assert.False(port.TryMatchMemory(0xFFF0_0000, 4));
        port.Write(0x20, 0xFEB0_FEA0);
        Assert.True(port.TryMatchMemory(0xFEA0_0000, 4));
        Assert.True(port.TryMatchMemory(0xFEBF_FFFC, 4));
        Assert.False(port.TryMatchMemory(0xFEBF_FFFC, 8));
        Assert.False(port.TryMatchMemory(0xFE9F_FFFC, 8));

        port.Write(0x24, 0x0010_0000);
        port.Write(0x28, 0x40);
        port.Write(0x2C, 0x40);
        Assert.Equal(0x0011_0001U, port.Read(0x24));
        Assert.True(port.TryMatchMemory(0x40_0000_0000, 4096));
        Assert.True(port.TryMatchMemory(0x40_001F_F000, 4096));
        Assert.False(port.TryMatchMemory(0x40_0020_0000, 4));
        Assert.False(port.TryMatchMemory(ulong.MaxValue - 2, 8));
    }

    [Fact]
    public void There_is_no_IO_window_and_no_expansion_ROM()
    {
        var port = PortSample.Make(PortType.UpstreamPort);
        port.Write(0x1C, 0xF0F0, 0b0011);
        port.Write(0x38, 0xFFFF_FFFF);
        Assert.Equal(0U, port.Read(0x1C) & 0xFFFF);
        Assert.Equal(0U, port.Read(0x38));
        port.Write(0x04, 0xFFFF, 0b0011);
        Assert.Equal(0U, port.Read(0x04) & 1);
    }

    [Fact]
    public void Bus_numbers_say_what_is_behind()
    {
        var port = PortSample.Make(PortType.UpstreamPort);
        Assert.False(port.ContainsBus(0));
        port.Write(0x18, 0xFF_05_02_01);
        Assert.Equal((1, 2, 5, 0U), (port.PrimaryBus, port.SecondaryBus, port.SubordinateBus, port.Read(0x18) >> 24));
        Assert.Equal([false, true, true, false], new byte[] { 1, 2, 5, 6 }.Select(port.ContainsBus));
    }

    [Fact]
    public void Secondary_bus_reset_and_error_forwarding_are_bridge_control_bits()
    {
        var port = PortSample.Make(PortType.DownstreamPort);
        Assert.False(port.SecondaryBusReset || port.ForwardsErrorMessages);
        port.Write(0x3C, 0x0042_0000, 0b1100);
        Assert.True(port.SecondaryBusReset && port.ForwardsErrorMessages);
    }

    [Fact]
    public void Slot_interrupt_waits_for_MSI_and_bus_mastering_and_comes_once()
    {
        var port = PortSample.Make(PortType.DownstreamPort);
        port.Write(port.PcieOffset + 0x18, 0x0700 | 0x00C0 | 0x20 | 0x08, 0b0011);
        port.Slot!.SetPresence(true);
        Assert.False(port.TryTakeInterrupt(out _, out _));

        port.Write(port.Msi.Offset + 4, 0xFEE0_1003);
        port.Write(port.Msi.Offset + 8, 1);
        port.Write(port.Msi.Offset + 12, 0x4041);
        port.Write(port.Msi.Offset, 1U << 16, 0b0100);
        Assert.False(port.TryTakeInterrupt(out _, out _));
        port.Write(0x04, 6, 0b0001);
        Assert.True(port.TryTakeInterrupt(out var address, out var data));
        Assert.Equal((0x1_FEE0_1000UL, 0x4041U), (address, data));
        Assert.False(port.TryTakeInterrupt(out _, out _));
    }

    [Fact]
    public void Reset_leaves_the_card_in_the_slot()
    {
        var port = PortSample.Make(PortType.DownstreamPort);
        port.Slot!.SetPresence(true);
        port.Slot.SetDataLinkActive(true);
        port.Write(port.PcieOffset + 0x18, 0x0100, 0b0011);
        port.Write(0x18, 0x05_02_01);
        Assert.True(port.Slot.PowerOn);
        port.Reset();
        Assert.True(port.Slot.Presence && port.Slot.DataLinkActive);
        Assert.False(port.Slot.PowerOn);
        Assert.Equal(0, port.SecondaryBus);
        Assert.Equal(0x0040U, port.Read(port.PcieOffset + 0x18) >> 16);
    }

    [Fact]
    public void Root_port_keeps_the_first_source_of_each_kind_and_interrupts_when_enabled()
    {
        var port = PortSample.Make(PortType.RootPort);
        var status = port.Aer.Offset + 0x30;
        port.Write(0x04, 6, 0b0001);
        port.Write(port.Msi.Offset, 1U << 16, 0b0100);
        port.RootErrors!.Receive(MessageCode.ErrCorrectable, new Rid(3, 0, 0));
        Assert.False(port.TryTakeInterrupt(out _, out _));
        port.Write(port.Aer.Offset + 0x2C, 0b111);
        port.RootErrors.Receive(MessageCode.ErrNonFatal, new Rid(4, 0, 0));
        port.RootErrors.Receive(MessageCode.ErrFatal, new Rid(5, 0, 0));
        port.RootErrors.Receive(MessageCode.ErrCorrectable, new Rid(6, 0, 0));
        Assert.Equal(0b110_1111U, port.Read(status));
        Assert.Equal(0x0400_0300U, port.Read(port.Aer.Offset + 0x34));

        port.Write(status, 0x7F);
        Assert.Equal(0U, port.Read(status));
        port.RootErrors.Receive(MessageCode.ErrFatal, new Rid(7, 0, 0));
        Assert.Equal(0b101_0100U, port.Read(status));
        Assert.True(port.TryTakeInterrupt(out _, out _));
    }

    [Fact]
    public void No_write_changes_what_is_read_only() =>
        Gen.Select(Gen.Int[0, 1023], Gen.OneOf(Gen.UInt, Gen.Const(uint.MaxValue), Gen.Const(0U)), Gen.Int[0, 15]).Array[0, 300].Sample(writes =>
        {
            var port = PortSample.Make(PortType.DownstreamPort);
            (int Register, uint Mask)[] readOnly =
            [
                (0x00, 0xFFFF_FFFF), (0x04, 0x0010_F801), (0x08, 0xFFFF_FFFF), (0x0C, 0x00FF_FF00), (0x10, 0xFFFF_FFFF), (0x14, 0xFFFF_FFFF),
                (0x18, 0xFF00_0000), (0x1C, 0x0000_FFFF), (0x20, 0x000F_000F), (0x24, 0x000F_000F), (0x34, 0xFFFF_FFFF), (0x3C, 0x0000_FF00),
                (port.PcieOffset, 0xFFFF_FFFF), (port.PcieOffset + 4, 0xFFFF_FFFF), (port.PcieOffset + 12, 0xFFFF_FFFF),
                (port.PcieOffset + 0x14, 0xFFFF_FFFF), (port.PcieOffset + 0x18, 0x0060_E804), (port.Msi.Offset, 0xFF8E_FFFF),
                (port.Aer.Offset, 0xFFFF_FFFF),
            ];
            var before = readOnly.Select(it => port.Read(it.Register) & it.Mask).ToArray();
            foreach (var (dw, value, enables) in writes)
            {
                port.Write(dw * 4, value, enables);
            }

            Assert.Equal(before, readOnly.Select(it => port.Read(it.Register) & it.Mask).ToArray());
        }, iter: 300);
}
