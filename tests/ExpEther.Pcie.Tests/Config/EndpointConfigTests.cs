using CsCheck;
using ExpEther.Pcie.Config;

namespace ExpEther.Pcie.Tests;

public class EndpointConfigTests
{
    [Fact]
    public void Header_shows_what_was_described()
    {
        var config = EndpointSample.Make();
        Assert.Equal(0x0010_1B36U, config.Read(0x00));
        Assert.Equal(0x01_0802_02U, config.Read(0x08));
        Assert.Equal(0x0000_0000U, config.Read(0x0C));
        Assert.Equal(0x1100_1AF4U, config.Read(0x2C));
        Assert.Equal(0, (int)(config.Read(0x3C) >> 8) & 0xFF);
    }

    [Fact]
    public void Sizing_a_BAR_by_all_ones_reads_its_size_as_on_hardware()
    {
        var config = EndpointSample.Make();
        for (var register = 0x10; register <= 0x24; register += 4)
        {
            config.Write(register, 0xFFFF_FFFF);
        }

        Assert.Equal(0xFFFF_C004U, config.Read(0x10));
        Assert.Equal(0xFFFF_FFFFU, config.Read(0x14));
        Assert.Equal(0xFFFF_F000U, config.Read(0x18));
        Assert.Equal(0x0000_0000U, config.Read(0x1C));
        Assert.Equal(0x0000_000CU, config.Read(0x20));
        Assert.Equal(0xFFFF_FFFEU, config.Read(0x24));
        config.Write(0x30, 0xFFFF_FFFF);
        Assert.Equal(0U, config.Read(0x30));
    }

    [Fact]
    public void Request_matches_a_BAR_only_whole_and_only_under_memory_space_enable()
    {
        var config = EndpointSample.MakeEnabled();
        Assert.True(config.TryMatchBar(EndpointSample.Bar0 + 0x3FFC, 4, out var bar, out var offset));
        Assert.Equal((0, 0x3FFCUL), (bar, offset));
        Assert.False(config.TryMatchBar(EndpointSample.Bar0 + 0x3FFC, 8, out _, out _));
        Assert.False(config.TryMatchBar(EndpointSample.Bar0 - 4, 8, out _, out _));
        Assert.True(config.TryMatchBar(EndpointSample.Bar2 + 8, 0, out bar, out offset));
        Assert.Equal((2, 8UL), (bar, offset));
        Assert.True(config.TryMatchBar((0x80UL << 32) + (8UL << 30) - 1, 1, out bar, out _));
        Assert.Equal(4, bar);
        Assert.False(config.TryMatchBar(ulong.MaxValue - 2, 8, out _, out _));

        config.Write(0x04, 0x0004);
        Assert.False(config.TryMatchBar(EndpointSample.Bar0, 4, out _, out _));
        Assert.True(config.BusMasterEnable);
    }

    [Fact]
    public void Function_in_D3hot_decodes_no_memory_and_ignores_states_it_has_not()
    {
        var config = EndpointSample.MakeEnabled();
        var pmcsr = config.PowerManagement.Offset + 4;
        config.Write(pmcsr, 3, 0b0011);
        Assert.False(config.TryMatchBar(EndpointSample.Bar0, 4, out _, out _));
        config.Write(pmcsr, 1, 0b0011);
        Assert.Equal(3U, config.Read(pmcsr) & 3);
        config.Write(pmcsr, 0, 0b0011);
        Assert.True(config.TryMatchBar(EndpointSample.Bar0, 4, out _, out _));
    }

    [Fact]
    public void Payload_and_read_sizes_follow_Device_Control_within_what_is_supported()
    {
        var config = EndpointSample.Make();
        var control = config.PcieOffset + 8;
        Assert.Equal((128, 512, 64), (config.MaxPayloadBytes, config.MaxReadRequestBytes, config.ReadCompletionBoundaryBytes));
        config.Write(control, (5U << 12) | (2 << 5), 0b0011);
        Assert.Equal((512, 4096), (config.MaxPayloadBytes, config.MaxReadRequestBytes));
        config.Write(control, (7U << 12) | (5 << 5), 0b0011);
        Assert.Equal((1024, 4096), (config.MaxPayloadBytes, config.MaxReadRequestBytes));
        config.Write(config.PcieOffset + 0x10, 1 << 3, 0b0001);
        Assert.Equal(128, config.ReadCompletionBoundaryBytes);
        Assert.False(config.Tag10BitEnabled);
        config.Write(config.PcieOffset + 0x28, 1 << 12, 0b0011);
        Assert.True(config.Tag10BitEnabled);
    }

    [Fact]
    public void Initiate_FLR_reads_0_and_resets_all_but_what_the_specification_spares()
    {
        var config = EndpointSample.MakeEnabled();
        config.CaptureRid(new Rid(5, 0, 0));
        config.Write(config.MsixOffset, 0x8000_0000, 0b1000);
        config.Aer.Report(UncorrectableError.CompletionTimeout, []);
        var control = config.PcieOffset + 8;
        config.Write(control, 0x5000 | (2 << 5), 0b0011);

        var change = config.Write(control, 0x8000 | 0x5000 | (2 << 5), 0b0011);
        Assert.True(change.WroteOnes16(control, 0x8000));
        Assert.Equal(0U, config.Read(control) & 0x8000);
        Assert.True(config.FlrRequested);

        config.FunctionLevelReset();
        Assert.False(config.FlrRequested);
        Assert.False(config.BusMasterEnable || config.MemorySpaceEnable || config.MsixEnabled);
        Assert.Equal(0UL, config.BarAddress(0));
        Assert.Equal(512, config.MaxReadRequestBytes);
        Assert.Equal(512, config.MaxPayloadBytes);
        Assert.Equal(new Rid(5, 0, 0), config.Rid);
        Assert.Equal(1U << 14, config.Read(config.Aer.Offset + 4));

        config.Reset();
        Assert.Equal((128, default(Rid)), (config.MaxPayloadBytes, config.Rid));
        Assert.Equal(0U, config.Read(config.Aer.Offset + 4));
    }

    [Fact]
    public void Function_without_FLR_ignores_its_bit()
    {
        var config = new EndpointConfig(EndpointSample.Description with { FlrCapable = false });
        config.Write(config.PcieOffset + 8, 0x8000, 0b0011);
        Assert.False(config.FlrRequested);
        Assert.Equal(0U, config.Read(config.PcieOffset + 4) & (1U << 28));
    }

    [Fact]
    public void Msix_control_shows_the_table_and_obeys()
    {
        var config = EndpointSample.Make();
        Assert.Equal(64U, (config.Read(config.MsixOffset) >> 16) & 0x7FF);
        Assert.Equal(0x2000U, config.Read(config.MsixOffset + 4));
        Assert.Equal(0x3000U, config.Read(config.MsixOffset + 8));
        config.Write(config.MsixOffset, 0xFFFF_FFFF);
        Assert.True(config.MsixEnabled && config.MsixFunctionMask);
        Assert.Equal(64U | 0xC000, config.Read(config.MsixOffset) >> 16);
    }

    [Fact]
    public void No_write_changes_what_is_read_only() =>
        Gen.Select(Gen.Int[0, 1023], Gen.OneOf(Gen.UInt, Gen.Const(uint.MaxValue), Gen.Const(0U)), Gen.Int[0, 15]).Array[0, 300].Sample(writes =>
        {
            var config = EndpointSample.Make();
            // Register and the bits of it that no software may ever change, whatever it writes.
            (int Register, uint Mask)[] readOnly =
            [
                (0x00, 0xFFFF_FFFF), (0x04, 0x0010_F800), (0x08, 0xFFFF_FFFF), (0x0C, 0x00FF_FF00), (0x10, 0x3FFF), (0x18, 0xFFF),
                (0x1C, 0xFFFF_FFFF), (0x20, 0xFFFF_FFFF), (0x24, 1), (0x28, 0xFFFF_FFFF), (0x2C, 0xFFFF_FFFF), (0x30, 0xFFFF_FFFF),
                (0x34, 0xFFFF_FFFF), (0x38, 0xFFFF_FFFF), (0x3C, 0xFFFF_FF00),
                (config.PowerManagement.Offset, 0xFFFF_FFFF), (config.PcieOffset, 0xFFFF_FFFF), (config.PcieOffset + 4, 0xFFFF_FFFF),
                (config.PcieOffset + 8, 0xFFF0_8600), (config.PcieOffset + 12, 0xFFFF_FFFF), (config.PcieOffset + 16, 0xFFFF_0000),
                (config.PcieOffset + 0x24, 0xFFFF_FFFF), (config.MsixOffset, 0x3FFF_FFFF), (config.MsixOffset + 4, 0xFFFF_FFFF),
                (config.MsixOffset + 8, 0xFFFF_FFFF), (config.Aer.Offset, 0xFFFF_FFFF), (config.Aer.Offset + 0x1C, 0xFFFF_FFFF),
            ];
            var before = readOnly.Select(it => config.Read(it.Register) & it.Mask).ToArray();
            foreach (var (dw, value, enables) in writes)
            {
                config.Write(dw * 4, value, enables);
            }

            Assert.Equal(before, readOnly.Select(it => config.Read(it.Register) & it.Mask).ToArray());
            Assert.NotEqual(0, config.Space.FindExtendedCapability(ExtendedCapabilityId.AccessControlServices));
            Assert.NotEqual(0, config.Space.FindExtendedCapability(ExtendedCapabilityId.AlternativeRoutingId));
            Assert.NotEqual(0, config.Space.FindCapability(CapabilityId.Msix));
        }, iter: 300);
}
