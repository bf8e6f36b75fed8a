using CsCheck;
using ExpEther.Pcie.Config;

namespace ExpEther.Pcie.Tests;

public class SrIovCapabilityTests
{
    [Fact]
    public void Registers_are_where_the_specification_has_them()
    {
        var pf = SrIovSample.MakePf(SrIovSample.SrIov with { TotalVfs = 63, SupportedPageSizes = 0x553 });
        var at = CapabilityWalk.Find(pf.Read, ExtendedCapabilityId.SingleRootIoVirtualization);
        Assert.Equal(pf.SrIov!.Offset, at);
        Assert.Equal(0x0001_0010U, pf.Read(at) & 0xFFFFF);
        Assert.Equal(0x003F_003FU, pf.Read(at + 0x0C));
        Assert.Equal(0x0011_0000U, pf.Read(at + 0x18));
        Assert.Equal(0x0000_0553U, pf.Read(at + 0x1C));
        Assert.Equal(1U, pf.Read(at + 0x20));
        Assert.Equal(0x0000_000CU, pf.Read(at + 0x24));
        Assert.Equal(0U, pf.Read(at + 0x3C));
    }

    [Fact]
    public void Offset_and_stride_follow_NumVFs_and_the_hierarchy_bit()
    {
        var pf = SrIovSample.MakePf(SrIovSample.SrIov with
        {
            Routing = (numVfs, ari) => new VfRouting((ushort)(ari ? 2 : 0x100 + numVfs), (ushort)(numVfs > 4 ? 3 : 1)),
        });
        var at = pf.SrIov!.Offset;
        pf.Write16(at + SrIovRegister.NumVfs, 4);
        Assert.Equal((0x104, 1), (pf.Read16(at + SrIovRegister.FirstVfOffset), pf.Read16(at + SrIovRegister.VfStride)));
        pf.Write16(at + SrIovRegister.NumVfs, 5);
        Assert.Equal((0x105, 3), (pf.Read16(at + SrIovRegister.FirstVfOffset), pf.Read16(at + SrIovRegister.VfStride)));
        pf.Write16(at + SrIovRegister.Control, SrIovRegister.ControlAriCapableHierarchy);
        Assert.Equal((2, 3), (pf.Read16(at + SrIovRegister.FirstVfOffset), pf.Read16(at + SrIovRegister.VfStride)));
        pf.Write16(at + SrIovRegister.FirstVfOffset, 0x77);
        Assert.Equal(2, pf.Read16(at + SrIovRegister.FirstVfOffset));
    }

    [Fact]
    public void Without_ARI_more_than_seven_VFs_go_to_the_next_bus()
    {
        var pf = SrIovSample.MakePf();
        pf.Write16(pf.SrIov!.Offset + SrIovRegister.NumVfs, 7);
        Assert.Equal(new Rid(5, 0, 7), pf.SrIov.RidOf(new Rid(5, 0, 0), 7));
        pf.Write16(pf.SrIov.Offset + SrIovRegister.NumVfs, 8);
        Assert.Equal(new Rid(6, 0, 0), pf.SrIov.RidOf(new Rid(5, 0, 0), 1));
    }

    [Fact]
    public void Routing_IDs_carry_into_the_buses_behind()
    {
        var pf = SrIovSample.MakePf(SrIovSample.SrIov with { TotalVfs = 256, Routing = (_, _) => new VfRouting(0x80, 3) });
        pf.Enable(256, ari: true);
        var rid = new Rid(0x10, 0, 0);
        Assert.Equal(new Rid(0x1080), pf.SrIov!.RidOf(rid, 1));
        Assert.Equal(new Rid(0x1080 + (255 * 3)), pf.SrIov.RidOf(rid, 256));
        Assert.Equal(0x13, pf.SrIov.RidOf(rid, 256).Bus);
        Assert.Equal(256, Enumerable.Range(1, 256).Select(n => pf.SrIov.RidOf(rid, n)).Distinct().Count());
    }

    [Fact]
    public void A_routing_ID_names_one_existing_VF_or_none() => Gen.Select(Gen.Int[1, 256], Gen.Int[1, 400], Gen.Int[1, 9], Gen.Int[0, 0xE000]).Sample(
        (numVfs, offset, stride, physical) =>
        {
            var pf = SrIovSample.MakePf(SrIovSample.SrIov with { TotalVfs = 256, Routing = (_, _) => new VfRouting((ushort)offset, (ushort)stride) });
            pf.Enable(numVfs, ari: true);
            var rid = new Rid((ushort)physical);
            var found = 0;
            for (var value = 0; value <= ushort.MaxValue; value++)
            {
                if (pf.SrIov!.NumberOf(rid, new Rid((ushort)value)) is var number and not 0)
                {
                    Assert.Equal(new Rid((ushort)value), pf.SrIov.RidOf(rid, number));
                    found++;
                }
            }

            Assert.Equal(numVfs, found);
        },
        iter: 30);

    [Fact]
    public void There_are_no_VFs_without_VF_Enable_and_never_more_than_TotalVFs()
    {
        var pf = SrIovSample.MakePf();
        pf.Write16(pf.SrIov!.Offset + SrIovRegister.NumVfs, 9);
        Assert.Equal(0, pf.SrIov.ExistingVfs);
        Assert.Equal(0, pf.SrIov.NumberOf(default, pf.SrIov.RidOf(default, 1)));
        pf.Enable(9, ari: true);
        Assert.Equal(9, pf.SrIov.ExistingVfs);
        pf.Write16(pf.SrIov.Offset + SrIovRegister.Control, 0);
        pf.Enable(40_000, ari: true);
        Assert.Equal(16, pf.SrIov.ExistingVfs);
    }

    [Fact]
    public void What_must_not_change_while_VFs_exist_does_not()
    {
        var pf = SrIovSample.MakePf();
        pf.Enable(3, ari: true);
        var at = pf.SrIov!.Offset;
        pf.Write16(at + SrIovRegister.NumVfs, 5);
        pf.Write(at + SrIovRegister.SystemPageSize, 0x10);
        pf.Write16(at + SrIovRegister.Control, SrIovRegister.ControlVfEnable);
        Assert.Equal((3, 4096L, true), (pf.SrIov.NumVfs, pf.SrIov.PageBytes, pf.SrIov.AriCapableHierarchy));
        Assert.False(pf.SrIov.VfMemorySpaceEnable);
        pf.Write16(at + SrIovRegister.Control, 0);
        pf.Write16(at + SrIovRegister.NumVfs, 5);
        Assert.Equal((5, false), (pf.SrIov.NumVfs, pf.SrIov.AriCapableHierarchy));
    }

    [Theory]
    [InlineData(0x01, 0xFFFF_C00CU, 0xFFFF_F000U)]
    [InlineData(0x02, 0xFFFF_C00CU, 0xFFFF_E000U)]
    [InlineData(0x10, 0xFFFF_000CU, 0xFFFF_0000U)]
    [InlineData(0x400, 0xFFC0_000CU, 0xFFC0_0000U)]
    public void VF_BARs_are_sized_by_all_ones_and_are_at_least_a_page(uint page, uint bar0, uint bar3)
    {
        var pf = SrIovSample.MakePf();
        var at = pf.SrIov!.Offset;
        pf.Write(at + SrIovRegister.SystemPageSize, page);
        for (var bar = 0; bar < 6; bar++)
        {
            pf.Write(at + SrIovRegister.VfBar0 + (4 * bar), uint.MaxValue);
        }

        Assert.Equal(
            [bar0, 0xFFFF_FFFFU, 0U, bar3, 0U, 0U], Enumerable.Range(0, 6).Select(bar => pf.Read(at + SrIovRegister.VfBar0 + (4 * bar))));
    }

    [Theory]
    [InlineData(0x04U)]
    [InlineData(0x03U)]
    [InlineData(0x00U)]
    public void A_page_size_that_is_not_one_of_the_supported_ones_is_not_taken(uint page)
    {
        var pf = SrIovSample.MakePf();
        pf.Write(pf.SrIov!.Offset + SrIovRegister.SystemPageSize, 0x10);
        pf.Write(pf.SrIov.Offset + SrIovRegister.SystemPageSize, page);
        Assert.Equal(0x1_0000, pf.SrIov.PageBytes);
    }

    [Fact]
    public void A_request_is_in_the_part_of_one_VF_or_in_none()
    {
        var pf = SrIovSample.MakePf();
        var at = pf.SrIov!.Offset;
        pf.Write(at + SrIovRegister.SystemPageSize, 0x10);
        pf.Write(at + SrIovRegister.VfBar0, 0x0010_0000);
        pf.Write(at + SrIovRegister.VfBar0 + 4, 0x40);
        pf.Write(at + SrIovRegister.VfBar0 + 12, 0x9000_0000);
        pf.Enable(4, ari: true);
        const ulong Base = 0x40_0010_0000;
        Assert.True(pf.SrIov.TryMatch(Base + 0x2_0008, 8, out var number, out var bar, out var offset));
        Assert.Equal((3, 0, 8UL), (number, bar, offset));
        Assert.True(pf.SrIov.TryMatch(0x9003_FFFC, 4, out number, out bar, out offset));
        Assert.Equal((4, 3, 0xFFFCUL), (number, bar, offset));
        Assert.False(pf.SrIov.TryMatch(Base + 0x1_FFFC, 8, out _, out _, out _), "across two VFs");
        Assert.False(pf.SrIov.TryMatch(Base + 0x4_0000, 4, out _, out _, out _), "behind the last VF");
        Assert.False(pf.SrIov.TryMatch(Base - 4, 4, out _, out _, out _), "before the first");
        pf.Write16(at + SrIovRegister.Control, SrIovRegister.ControlVfEnable | SrIovRegister.ControlAriCapableHierarchy);
        Assert.False(pf.SrIov.TryMatch(Base, 4, out _, out _, out _), "without VF MSE");
    }

    [Fact]
    public void Reset_of_the_PF_ends_the_VFs_and_their_page_size()
    {
        foreach (var reset in new Action<EndpointConfig>[] { pf => pf.FunctionLevelReset(), pf => pf.Reset() })
        {
            var pf = SrIovSample.MakePf();
            pf.Write(pf.SrIov!.Offset + SrIovRegister.SystemPageSize, 0x10);
            pf.Enable(4, ari: true);
            reset(pf);
            Assert.Equal((0, 0, 4096L, false), (pf.SrIov.ExistingVfs, pf.SrIov.NumVfs, pf.SrIov.PageBytes, pf.SrIov.AriCapableHierarchy));
            pf.Write(pf.SrIov.Offset + SrIovRegister.VfBar0 + 12, uint.MaxValue);
            Assert.Equal(0xFFFF_F000U, pf.Read(pf.SrIov.Offset + SrIovRegister.VfBar0 + 12));
        }
    }
}
