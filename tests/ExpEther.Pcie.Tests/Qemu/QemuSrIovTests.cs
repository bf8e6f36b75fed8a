using System.Globalization;
using System.Text.RegularExpressions;
using ExpEther.Pcie.Config;

namespace ExpEther.Pcie.Tests;

/// <summary>Our PF and VF beside those of QEMU's NVMe controller, used by an unmodified Linux.</summary>
public partial class QemuSrIovTests
{
    // As QEMU has it: four VFs with one BAR of 16 KB, routing IDs right behind the PF's, with and without ARI.
    private static readonly SrIovDescription SrIov = new()
    {
        TotalVfs = 4,
        VfDeviceId = 0x0010,
        VfBars = [new BarDescription(0, 16 * 1024, Is64Bit: true)],
        Routing = (_, _) => new VfRouting(1, 1),
    };

    private readonly EndpointConfig _pf = SrIovSample.MakePf(SrIov);

    /// <summary>
    /// Every write that Linux made to QEMU's SR-IOV capability, from the boot to the end of the VFs, is made to ours, and every read in
    /// between has to give what QEMU's gave: sizes, offset and stride for each NumVFs, what is not implemented.
    /// </summary>
    [Fact]
    public void Linux_finds_enables_and_disables_VFs_of_our_PF_as_it_does_QEMUs()
    {
        var (reads, enabled) = (0, 0);
        foreach (var line in QemuNvme.Trace)
        {
            if (Write().Match(line) is { Success: true } write)
            {
                var value = Hex(write.Groups[2].Value);
                Put(_pf, _pf.SrIov!.Offset + (int)Hex(write.Groups[1].Value), value, int.Parse(write.Groups[3].Value, CultureInfo.InvariantCulture));
                enabled = Math.Max(enabled, _pf.SrIov.ExistingVfs);
            }
            else if (Read().Match(line) is { Success: true } read)
            {
                var register = (int)Hex(read.Groups[1].Value) - QemuNvme.SrIovOffset;
                Assert.True(
                    Get(_pf, _pf.SrIov!.Offset + register, Width(register)) == Hex(read.Groups[2].Value),
                    $"{line}: ours has {Get(_pf, _pf.SrIov.Offset + register, Width(register)):x}");
                reads++;
            }
        }

        Assert.Equal(34, reads);
        Assert.Equal(4, enabled);
        Assert.Equal(0, _pf.SrIov!.ExistingVfs);
        Assert.Equal(0xFE60_4000U, _pf.SrIov.VfBarAddress(0));
    }

    [Fact]
    public void SR_IOV_capability_has_the_same_bytes_as_QEMUs_while_VFs_are_enabled()
    {
        _pf.Write(_pf.SrIov!.Offset + SrIovRegister.VfBar0, 0xFE60_4000);
        _pf.Enable(4, ari: true);
        var qemu = QemuNvme.Reader(QemuNvme.ConfigSpace(QemuNvme.PhysicalSlot));
        for (var register = 0; register < SrIovRegister.Bytes; register += 4)
        {
            Assert.Equal($"{register:x2} {qemu(QemuNvme.SrIovOffset + register):x8}", $"{register:x2} {_pf.Read(_pf.SrIov.Offset + register):x8}");
        }
    }

    [Fact]
    public void A_raw_VF_shows_what_QEMUs_shows()
    {
        var vf = MakeVf();
        var (ours, qemus) = (new ShownFunction(vf.Read), new ShownFunction(QemuNvme.Reader(QemuNvme.ConfigSpace(QemuNvme.VirtualSlot))));
        Assert.Equal(0xFFFF_FFFFU, qemus.Ids);
        Assert.Equal(qemus.Ids, ours.Ids);
        Assert.Equal((qemus.ClassCode, qemus.Revision, qemus.HeaderType), (ours.ClassCode, ours.Revision, ours.HeaderType));
        Assert.Equal((qemus.SubsystemIds, qemus.InterruptPin), (ours.SubsystemIds, ours.InterruptPin));
        Assert.Equal(qemus.Bars, ours.Bars);
        Assert.All(ours.Bars, bar => Assert.Equal(0U, bar));
        Assert.Equal(qemus.PciExpress, ours.PciExpress);
        Assert.Equal((true, true), (qemus.FlrCapable, ours.FlrCapable));
        Assert.Equal((2, 2), (qemus.MsixVectors, ours.MsixVectors));
        Assert.Equal(qemus.MsixPlaces, ours.MsixPlaces);
        Assert.Equal(qemus.Capabilities().Order(), ours.Capabilities().Order());

        // Meant to differ: QEMU's functions report no errors; ours have AER.
        Assert.Equal(qemus.ExtendedCapabilities().Append(ExtendedCapabilityId.AdvancedErrorReporting).Order(), ours.ExtendedCapabilities().Order());
    }

    /// <summary>
    /// Linux wrote 406h to Command and found it there: QEMU's VF keeps Memory Space Enable and Interrupt Disable. §9.3.4.1.3 has both
    /// read as 0 in a VF, where VF MSE counts and no INTx is; so do ours. MSI-X control and bus mastering are as QEMU's.
    /// </summary>
    [Fact]
    public void A_raw_VF_takes_what_Linux_writes_to_QEMUs()
    {
        var vf = MakeVf();
        foreach (var write in QemuNvme.Trace.Select(line => VfWrite().Match(line)).Where(match => match.Success))
        {
            var register = (int)Hex(write.Groups[1].Value);
            Assert.Contains(register, (int[])[ConfigRegister.Command, 0x42]);
            Put(vf, register == 0x42 ? vf.MsixOffset + 2 : register, Hex(write.Groups[2].Value), 2);
        }

        var qemu = QemuNvme.Reader(QemuNvme.ConfigSpace(QemuNvme.VirtualSlot));
        Assert.Equal(0x8001U, qemu(0x40) >> 16);
        Assert.Equal(0x8001U, vf.Read(vf.MsixOffset) >> 16);
        Assert.Equal(0x0406U, qemu(ConfigRegister.Command) & 0xFFFF);
        Assert.Equal(0x0004U, vf.Read(ConfigRegister.Command) & 0xFFFF);
    }

    private EndpointConfig MakeVf()
    {
        var vf = new EndpointConfig(
            EndpointSample.Description with
            {
                Bars = [],
                IsVirtualFunction = true,
                MsixTable = new MsixLocation(0, 0x2000),
                MsixPba = new MsixLocation(0, 0x3000),
                Serial = null,
                Acs = false,
            },
            _pf, 1);
        vf.ShowMsixVectors(2);
        return vf;
    }

    private static int Width(int register) => register switch
    {
        SrIovRegister.FunctionDependencyLink => 1,
        SrIovRegister.Capabilities or SrIovRegister.SupportedPageSizes or >= SrIovRegister.SystemPageSize => 4,
        _ => 2,
    };

    private static void Put(EndpointConfig config, int register, uint value, int bytes) =>
        config.Write(register & ~3, value << ((register & 3) * 8), ((1 << bytes) - 1) << (register & 3));

    private static uint Get(EndpointConfig config, int register, int bytes) =>
        (uint)((config.Read(register & ~3) >> ((register & 3) * 8)) & ((1UL << (8 * bytes)) - 1));

    private static uint Hex(string digits) => uint.Parse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    [GeneratedRegex("^sriov_config_write .* offset 0x([0-9a-f]+) val 0x([0-9a-f]+) len ([124])$")]
    private static partial Regex Write();

    [GeneratedRegex("^pci_cfg_read nvme 01:00.0 @0x([0-9a-f]+) -> 0x([0-9a-f]+)$")]
    private static partial Regex Read();

    [GeneratedRegex("^pci_cfg_write nvme 01:00.1 @0x([0-9a-f]+) <- 0x([0-9a-f]+)$")]
    private static partial Regex VfWrite();
}
