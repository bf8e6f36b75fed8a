using System.Globalization;
using ExpEther.Bridge.Tests.Io.Rig;
using ExpEther.Pcie.Config;
using ExpEther.Pcie.Ports;
using ExpEther.Pcie.Tests;

namespace ExpEther.Bridge.Tests.Io;

/// <summary>
/// Row 3 for virtual functions: what a host sees of one is an ordinary endpoint. lspci judges it, and QEMU's VF under Linux is what it is
/// compared with.
/// </summary>
public sealed class SharedConfigTests
{
    private const ulong MemH = 0x80_0000_0000;
    private const uint MemH32 = 0xE000_0000;

    [Fact]
    public void Lspci_reads_every_virtual_functions_space_as_an_ordinary_endpoints()
    {
        var (device, _) = MakeDevice(SrIovSample.SrIov, vendorBytes: 0);
        var texts = ShownToHost(device, 3);
        Assert.Equal(3, texts.Length);
        foreach (var text in texts)
        {
            AssertOrdinary(text, capabilities: 5);
            Assert.Contains("Region 0: Memory at 8000000000 (64-bit, prefetchable)", text, StringComparison.Ordinal);
            Assert.Contains("MSI-X: Enable- Count=65 Masked-", text, StringComparison.Ordinal);
            Assert.Contains("Vector table: BAR=0 offset=00002000", text, StringComparison.Ordinal);
        }
    }

    /// <summary>
    /// 64 KB pages and nothing else, VFs that end on the next bus, a 32-bit BAR only, a vendor-specific capability: lspci is to see nothing
    /// of the first two.
    /// </summary>
    [Fact]
    public void Lspci_reads_virtual_functions_of_an_odd_device_as_ordinary_endpoints_too()
    {
        var (device, functions) = MakeDevice(
            SrIovSample.SrIov with
            {
                VfBars = [new BarDescription(2, 4096)],
                SupportedPageSizes = 0x10,
                Routing = (numVfs, _) => new VfRouting((ushort)(0x40 + numVfs), 0x55),
            },
            vendorBytes: 16);
        var texts = ShownToHost(device, 4);
        Assert.Equal(4, texts.Length);
        Assert.Equal(1, functions[4].Config.Rid.Bus - functions[0].Config.Rid.Bus);
        foreach (var text in texts)
        {
            AssertOrdinary(text, capabilities: 6);
            Assert.Contains("Region 2: Memory at e0000000 (32-bit, non-prefetchable)", text, StringComparison.Ordinal);
            Assert.DoesNotContain("Region 0", text, StringComparison.Ordinal);
            Assert.Contains("Vendor Specific Information: Len=10", text, StringComparison.Ordinal);
        }
    }

    /// <summary>
    /// What Linux and its nvme driver rely on. Meant to differ from QEMU's bytes: the raw VF has FFFFh for IDs, which an operating system
    /// takes from the PF, and no BARs, which it takes from the PF's VF BARs; the host has no PF to ask, so both are in the function's own
    /// space. ARI is left out, for the host's slot has one function; AER and a serial number are there.
    /// </summary>
    [Fact]
    public void A_host_can_rely_on_what_Linux_relies_on_in_QEMUs_VF()
    {
        var (device, functions) = MakeDevice(Qemus, vendorBytes: 0);
        var rig = Share(device, 2);
        functions[1].Config.ShowMsixVectors(2);
        rig.Start();
        rig.Plug("share.vf1", rig.Host, MemH, MemH32);
        var ours = new ShownFunction(rig.ReadShown);
        var pf = QemuNvme.Reader(QemuNvme.ConfigSpace(QemuNvme.PhysicalSlot));
        var vf = new ShownFunction(QemuNvme.Reader(QemuNvme.ConfigSpace(QemuNvme.VirtualSlot)));

        Assert.Equal((0xFFFF_FFFFU, 0x0010_1B36U), (vf.Ids, ours.Ids));
        Assert.Equal((pf(QemuNvme.SrIovOffset + SrIovRegister.VfStride + 2) & 0xFFFF_0000) | (pf(0) & 0xFFFF), ours.Ids);
        Assert.Equal((vf.ClassCode, vf.Revision, vf.HeaderType), (ours.ClassCode, ours.Revision, ours.HeaderType));
        Assert.Equal((vf.SubsystemIds, vf.InterruptPin), (ours.SubsystemIds, ours.InterruptPin));
        Assert.Equal(vf.Capabilities().Order(), ours.Capabilities().Order());
        Assert.Equal(vf.PciExpress, ours.PciExpress);
        Assert.Equal((true, true), (vf.FlrCapable, ours.FlrCapable));
        Assert.Equal((2, 2), (vf.MsixVectors, ours.MsixVectors));
        Assert.Equal(vf.MsixPlaces, ours.MsixPlaces);
        Assert.Equal([ExtendedCapabilityId.AlternativeRoutingId], vf.ExtendedCapabilities());
        Assert.Equal([ExtendedCapabilityId.AdvancedErrorReporting, ExtendedCapabilityId.DeviceSerialNumber], ours.ExtendedCapabilities());

        // Linux sized QEMU's VF BAR 0 in the PF. Here the host does it in the function.
        Assert.Contains("pci_cfg_read nvme 01:00.0 @0x144 -> 0xffffc004", QemuNvme.Trace);
        Assert.Contains("pci_cfg_read nvme 01:00.0 @0x148 -> 0xffffffff", QemuNvme.Trace);
        for (var register = ConfigRegister.Bar0; register < ConfigRegister.Bar0 + 24; register += 4)
        {
            Write(rig, register, uint.MaxValue, 0b1111);
        }

        Assert.Equal([0xFFFF_C004U, uint.MaxValue, 0, 0, 0, 0], ours.Bars);
    }

    /// <summary>Linux wrote this to QEMU's VF when its nvme driver took it, and found it there. Here it also has to reach the VF behind.</summary>
    [Fact]
    public void A_host_can_write_what_Linux_wrote_to_QEMUs_VF()
    {
        var (device, functions) = MakeDevice(Qemus, vendorBytes: 0);
        var rig = Share(device, 2).Start();
        var result = rig.Await(rig.Bridge.AttachAsync("share.vf2", rig.Host.Name));
        Assert.True(result.Ok, result.Message);
        var msix = rig.Shown(CapabilityId.Msix);
        var vf = functions[2].Config;
        var writes = 0;
        foreach (var line in QemuNvme.Trace.Where(l => l.StartsWith("pci_cfg_write nvme 01:00.1 @0x", StringComparison.Ordinal)))
        {
            var fields = line.Split(["@0x", " <- 0x"], StringSplitOptions.None);
            var value = uint.Parse(fields[2], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            if (fields[1] == "4")
            {
                Write(rig, ConfigRegister.Command, value, 0b0011);
                Assert.Equal(value, rig.ReadShown(ConfigRegister.Command) & 0xFFFF);
                Assert.Equal((value & ConfigRegister.CommandBusMasterEnable) != 0, vf.BusMasterEnable);
            }
            else
            {
                // In Message Control Linux changes the enable and the mask bit; the size stays what it is here.
                Assert.Equal("42", fields[1]);
                Write(rig, msix, value << 16, 0b1100);
                Assert.Equal((value & 0xC000) | 64, rig.ReadShown(msix) >> 16);
                Assert.Equal((value & 0xC000) | 64, vf.Read(vf.MsixOffset) >> 16);
            }

            writes++;
        }

        Assert.Equal(17, writes);
        Assert.Equal((true, true), (vf.BusMasterEnable, vf.MsixEnabled));
        Assert.Equal((false, false), (functions[1].Config.BusMasterEnable, functions[1].Config.MsixEnabled));
    }

    private static SrIovDescription Qemus { get; } = SrIovSample.SrIov with
    {
        TotalVfs = 4, VfDeviceId = 0x0010, VfBars = [new BarDescription(0, 16 * 1024, Is64Bit: true)],
    };

    private static (SrIovDevice Device, List<TestFunction> Functions) MakeDevice(SrIovDescription srIov, int vendorBytes)
    {
        var pf = new TestFunction(SrIovSample.MakePf(srIov));
        List<TestFunction> virtuals = [.. Enumerable.Range(1, srIov.TotalVfs).Select(n => new TestFunction(SrIovSample.MakeVf(pf.Config, n)))];
        foreach (var vf in virtuals.Where(_ => vendorBytes > 0))
        {
            var at = vf.Config.Space.AddCapability(CapabilityId.VendorSpecific, vendorBytes);
            vf.Config.Space.Set8(at + 2, (byte)vendorBytes);
            vf.Config.Space.KeepAsDefaults();
        }

        return (new SrIovDevice(pf, virtuals), [pf, .. virtuals]);
    }

    private static IoRig Share(SrIovDevice device, int vfs)
    {
        var rig = new IoRig();
        rig.Bridge.AddDevice("share", device, vfs);
        return rig;
    }

    /// <summary>Gives each virtual function to the host in turn, and has lspci decode all 4096 bytes that it can read of it.</summary>
    private static string[] ShownToHost(SrIovDevice device, int vfs)
    {
        var rig = Share(device, vfs).Start();
        var spaces = new List<(string, Func<int, uint>)>();
        for (var number = 1; number <= vfs; number++)
        {
            rig.Plug($"share.vf{number}", rig.Host, MemH, MemH32);
            var bytes = new byte[4096];
            for (var register = 0; register < bytes.Length; register += 4)
            {
                BitConverter.TryWriteBytes(bytes.AsSpan(register), rig.ReadShown(register));
            }

            spaces.Add(($"0{number}:00.0", QemuNvme.Reader(bytes)));
            var released = rig.Await(rig.Bridge.DetachAsync($"share.vf{number}"));
            Assert.True(released.Ok, released.Message);
        }

        return Lspci.Decode([.. spaces]);
    }

    private static void Write(IoRig rig, int register, uint value, int enables)
    {
        var before = rig.Host.Tlps.Count;
        rig.Host.ConfigWrite(register, value, enables);
        rig.Run(() => rig.Host.Tlps.Count == before + 1);
        rig.Host.Tlps.RemoveAt(before);
    }

    private static void AssertOrdinary(string text, int capabilities)
    {
        Lspci.AssertUnbroken(text, capabilities);
        Assert.DoesNotContain("Illegal Vendor ID", text, StringComparison.Ordinal);
        Assert.DoesNotContain("SR-IOV", text, StringComparison.Ordinal);
        Assert.DoesNotContain("Interrupt: pin", text, StringComparison.Ordinal);
        Assert.Contains("Control: I/O- Mem+ BusMaster+", text, StringComparison.Ordinal);
        Assert.Contains("Express (v2) Endpoint", text, StringComparison.Ordinal);
        Assert.Contains("FLReset+", text, StringComparison.Ordinal);
        Assert.Contains("Advanced Error Reporting", text, StringComparison.Ordinal);
        Assert.Contains("Device Serial Number 00-11-22-ff-fe-33-44-55", text, StringComparison.Ordinal);
    }
}
