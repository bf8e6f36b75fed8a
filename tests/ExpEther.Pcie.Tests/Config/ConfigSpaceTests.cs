using CsCheck;
using ExpEther.Pcie.Config;

namespace ExpEther.Pcie.Tests;

public class ConfigSpaceTests
{
    [Fact]
    public void Each_bit_keeps_its_law_under_any_write() =>
        Gen.Select(Gen.UInt, Gen.UInt, Gen.UInt, Gen.UInt, Gen.Int[0, 15]).Sample((start, writable, clear, value, enables) =>
        {
            clear &= ~writable;
            var space = new ConfigSpace(256);
            space.Set32(0x80, start);
            space.DefineRw32(0x80, writable);
            space.DefineRw1c32(0x80, clear);
            var change = space.Write(0x80, value, enables);
            for (var bit = 0; bit < 32; bit++)
            {
                var mask = 1U << bit;
                var enabled = (enables & (1 << (bit / 8))) != 0;
                var expected = (writable & mask) != 0 && enabled ? value & mask
                    : (clear & mask) != 0 && enabled && (value & mask) != 0 ? 0
                    : start & mask;
                Assert.Equal(expected, space.Read(0x80) & mask);
            }

            Assert.Equal((0x80, start, space.Read(0x80)), (change.Register, change.Before, change.After));
            Assert.Equal(0U, change.Ones & ~value);
        }, iter: 2_000);

    [Fact]
    public void Registers_past_the_end_read_0_and_ignore_writes()
    {
        var space = new ConfigSpace(256);
        Assert.Equal(0U, space.Read(0x100));
        Assert.Equal(0U, space.Write(0x100, 0xFFFF_FFFF).After);
        Assert.Equal(0U, space.Read(0x100));
    }

    [Fact]
    public void Reset_goes_back_to_the_defaults_and_can_spare_sticky_bits()
    {
        var space = new ConfigSpace();
        space.Set16(0x80, 0x1234);
        space.DefineRw16(0x80, 0xFFFF);
        space.DefineSticky16(0x80, 0xFF00);
        space.KeepAsDefaults();
        space.Write(0x80, 0xABCD);
        space.Reset(keepSticky: true);
        Assert.Equal(0xAB34, space.Get16(0x80));
        space.Reset();
        Assert.Equal(0x1234, space.Get16(0x80));
    }

    [Fact]
    public void Capabilities_are_chained_DW_aligned_and_found()
    {
        var space = new ConfigSpace();
        Assert.Equal(0, space.FindCapability(CapabilityId.Msi));
        Assert.Equal(0, space.FindExtendedCapability(ExtendedCapabilityId.AdvancedErrorReporting));
        var first = space.AddCapability(CapabilityId.Msi, 14);
        var second = space.AddCapability(CapabilityId.VendorSpecific, 3);
        var third = space.AddCapability(CapabilityId.PciExpress, 0x3C);
        Assert.Equal((0x40, 0x50, 0x54), (first, second, third));
        Assert.Equal(0x10, space.Get16(0x06) & 0x10);
        Assert.Equal(0x40, space.Get8(0x34));
        Assert.Equal(third, space.FindCapability(CapabilityId.PciExpress));
        Assert.Equal(0, space.FindCapability(CapabilityId.Msix));

        Assert.Equal(0x100, space.AddExtendedCapability(ExtendedCapabilityId.AdvancedErrorReporting, 2, 0x48));
        Assert.Equal(0x148, space.AddExtendedCapability(ExtendedCapabilityId.DeviceSerialNumber, 1, 12));
        Assert.Equal(0x1482_0001U, space.Read(0x100));
        Assert.Equal(0x148, space.FindExtendedCapability(ExtendedCapabilityId.DeviceSerialNumber));
        Assert.Equal(0, space.FindExtendedCapability(ExtendedCapabilityId.AccessControlServices));
    }

    [Theory]
    [InlineData(0x40)]
    [InlineData(0x04)]
    [InlineData(0x00)]
    public void Walk_over_a_looping_or_broken_chain_ends(byte next)
    {
        var space = new ConfigSpace();
        var offset = space.AddCapability(CapabilityId.VendorSpecific, 8);
        space.Set8(offset + 1, next);
        space.AddExtendedCapability(ExtendedCapabilityId.VendorSpecific, 1, 8);
        space.Set32(0x100, 0x0001_000B | ((uint)(next == 0x40 ? 0x100 : next) << 20));
        Assert.Equal(0, space.FindCapability(CapabilityId.Msix));
        Assert.Equal(0, space.FindExtendedCapability(ExtendedCapabilityId.AlternativeRoutingId));
    }

    [Fact]
    public void Absent_function_reads_all_ones_and_has_no_capability()
    {
        Assert.Equal(0, CapabilityWalk.Find(_ => uint.MaxValue, CapabilityId.PciExpress));
        Assert.Equal(0, CapabilityWalk.Find(_ => uint.MaxValue, ExtendedCapabilityId.AdvancedErrorReporting));
    }

    [Fact]
    public void Any_content_ends_a_walk() =>
        Gen.UInt.Array[64].Sample(words =>
        {
            var reads = 0;
            uint Read(int register)
            {
                Assert.True(register is >= 0 and < 4096 && (register & 3) == 0);
                Assert.True(reads++ < 2 + ConfigLimits.ExtendedCapabilitiesMax);
                return words[register / 4 % words.Length];
            }

            CapabilityWalk.Find(Read, CapabilityId.Msix);
            reads = 0;
            CapabilityWalk.Find(Read, ExtendedCapabilityId.AccessControlServices);
        }, iter: 1_000);
}
