using ExpEther.Pcie.Config;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Pcie.Tests;

public class VirtualFunctionConfigTests
{
    [Fact]
    public void Header_of_a_VF_has_no_IDs_no_BARs_and_no_memory_space_enable()
    {
        var vf = SrIovSample.MakeVf(SrIovSample.MakePf(), 1);
        for (var register = 0; register < 0x40; register += 4)
        {
            vf.Write(register, uint.MaxValue);
        }

        Assert.Equal(0xFFFF_FFFFU, vf.Read(0x00));
        Assert.Equal(0x0010_0004U, vf.Read(0x04));
        Assert.Equal(0x01_0802_02U, vf.Read(0x08));
        Assert.Equal(0U, vf.Read(0x0C));
        Assert.All(Enumerable.Range(4, 6), n => Assert.Equal(0U, vf.Read(4 * n)));
        Assert.Equal(0x1100_1AF4U, vf.Read(0x2C));
        Assert.Equal(0U, vf.Read(0x3C));
        Assert.True(vf.BusMasterEnable);
        Assert.False(vf.MemorySpaceEnable);
        Assert.Equal(0, vf.Space.FindExtendedCapability(ExtendedCapabilityId.SingleRootIoVirtualization));
        Assert.NotEqual(0, vf.Space.FindExtendedCapability(ExtendedCapabilityId.AlternativeRoutingId));
    }

    [Fact]
    public void Device_control_of_a_VF_is_its_PFs()
    {
        var pf = SrIovSample.MakePf();
        var vf = SrIovSample.MakeVf(pf, 1);
        vf.Write16(vf.PcieOffset + PcieRegister.DeviceControl, 0x7FFF);
        vf.Write16(vf.PcieOffset + PcieRegister.LinkControl, 0xFFFF);
        Assert.Equal(0, vf.Read16(vf.PcieOffset + PcieRegister.DeviceControl));
        Assert.Equal(0, vf.Read16(vf.PcieOffset + PcieRegister.LinkControl));
        pf.Write16(pf.PcieOffset + PcieRegister.DeviceControl, (5 << 12) | (3 << 5) | PcieRegister.DeviceControlExtendedTag);
        pf.Write16(pf.PcieOffset + PcieRegister.LinkControl, PcieRegister.LinkControlReadCompletionBoundary);
        Assert.Equal((1024, 4096, 128, true), (vf.MaxPayloadBytes, vf.MaxReadRequestBytes, vf.ReadCompletionBoundaryBytes, vf.Pcie.ExtendedTagEnabled));
    }

    [Fact]
    public void FLR_of_a_VF_is_asked_of_the_VF_and_leaves_its_siblings_alone()
    {
        var pf = SrIovSample.MakePf();
        pf.Enable(2, ari: true);
        var (vf, sibling) = (SrIovSample.MakeVf(pf, 1), SrIovSample.MakeVf(pf, 2));
        foreach (var function in new[] { vf, sibling })
        {
            function.Write16(ConfigRegister.Command, ConfigRegister.CommandBusMasterEnable);
            function.Write(function.MsixOffset, 0x8000_0000, 0b1100);
        }

        vf.Write16(vf.PcieOffset + PcieRegister.DeviceControl, PcieRegister.DeviceControlInitiateFlr);
        Assert.Equal((true, false, false), (vf.FlrRequested, sibling.FlrRequested, pf.FlrRequested));
        vf.FunctionLevelReset();
        Assert.Equal((false, false), (vf.BusMasterEnable, vf.MsixEnabled));
        Assert.Equal((true, true), (sibling.BusMasterEnable, sibling.MsixEnabled));
        Assert.Equal(2, pf.SrIov!.ExistingVfs);
    }

    [Fact]
    public void Routing_ID_of_a_VF_follows_the_PFs_and_is_not_captured()
    {
        var pf = SrIovSample.MakePf();
        var vf = SrIovSample.MakeVf(pf, 2);
        pf.Enable(2, ari: true);
        pf.CaptureRid(new Rid(7, 0, 0));
        vf.CaptureRid(new Rid(9, 1, 1));
        Assert.Equal(new Rid(0x0702), vf.Rid);
        pf.CaptureRid(new Rid(8, 0, 0));
        Assert.Equal(new Rid(0x0802), vf.Rid);
    }

    [Fact]
    public void A_VF_decodes_its_own_part_of_the_aperture_only()
    {
        var pf = SrIovSample.MakePf();
        var vf = SrIovSample.MakeVf(pf, 2);
        pf.Write(pf.SrIov!.Offset + SrIovRegister.VfBar0 + 12, 0x9000_0000);
        pf.Enable(2, ari: true);
        Assert.True(vf.TryMatchBar(0x9000_1010, 4, out var bar, out var offset));
        Assert.Equal((3, 0x10UL), (bar, offset));
        Assert.False(vf.TryMatchBar(0x9000_0010, 4, out _, out _));
        pf.Enable(1, ari: true);
        pf.Write16(pf.SrIov.Offset + SrIovRegister.Control, 0);
        Assert.False(vf.TryMatchBar(0x9000_1010, 4, out _, out _));
    }

    [Fact]
    public void An_error_of_a_VF_is_reported_as_its_PF_was_told()
    {
        var pf = SrIovSample.MakePf();
        var vf = SrIovSample.MakeVf(pf, 1);
        vf.Write16(vf.PcieOffset + PcieRegister.DeviceControl, 0xF);
        vf.Write(vf.Aer.Offset + AerRegister.UncorrectableMask, uint.MaxValue);
        Assert.Null(vf.Aer.Report(UncorrectableError.CompletionTimeout, []));
        pf.Write16(pf.PcieOffset + PcieRegister.DeviceControl, 0xF);
        Assert.Equal(MessageCode.ErrNonFatal, vf.Aer.Report(UncorrectableError.CompletionTimeout, []));
        Assert.Equal(1U << (int)UncorrectableError.CompletionTimeout, vf.Read(vf.Aer.Offset + AerRegister.UncorrectableStatus));
        Assert.Equal(0U, pf.Read(pf.Aer.Offset + AerRegister.UncorrectableStatus));
    }

    [Fact]
    public void MSI_X_table_has_the_size_that_the_device_gave_the_VF_also_after_resets()
    {
        var vf = SrIovSample.MakeVf(SrIovSample.MakePf(), 1);
        vf.Write(vf.MsixOffset, 0xC000_0000, 0b1100);
        vf.ShowMsixVectors(3);
        Assert.Equal(0xC002, vf.Read16(vf.MsixOffset + 2));
        vf.FunctionLevelReset();
        Assert.Equal(0x0002, vf.Read16(vf.MsixOffset + 2));
        vf.Reset();
        Assert.Equal((3, 0x0002), (vf.MsixVectors, vf.Read16(vf.MsixOffset + 2)));
    }
}
