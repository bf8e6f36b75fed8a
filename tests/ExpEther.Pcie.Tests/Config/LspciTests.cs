using ExpEther.Pcie.Config;

namespace ExpEther.Pcie.Tests;

/// <summary>What pciutils makes of our configuration spaces: a judge that does not know our code.</summary>
public class LspciTests
{
    [Fact]
    public void Endpoint_is_read_by_lspci_without_complaint()
    {
        var config = EndpointSample.MakeEnabled();
        config.Write(config.MsixOffset, 0x8000_0000, 0b1000);
        var text = Lspci.Decode(("00:00.0", config.Read))[0];

        Assert.Contains("Region 0: Memory at 4000100000 (64-bit, non-prefetchable)", text, StringComparison.Ordinal);
        Assert.Contains("Region 4: Memory at 8000000000 (64-bit, prefetchable)", text, StringComparison.Ordinal);
        Assert.Contains("Power Management version 3", text, StringComparison.Ordinal);
        Assert.Contains("Express (v2) Endpoint", text, StringComparison.Ordinal);
        Assert.Contains("FLReset+", text, StringComparison.Ordinal);
        Assert.Contains("MaxPayload 128 bytes, MaxReadReq 512 bytes", text, StringComparison.Ordinal);
        Assert.Contains("MSI-X: Enable+ Count=65 Masked-", text, StringComparison.Ordinal);
        Assert.Contains("Vector table: BAR=0 offset=00002000", text, StringComparison.Ordinal);
        Assert.Contains("Advanced Error Reporting", text, StringComparison.Ordinal);
        Assert.Contains("Device Serial Number 00-11-22-ff-fe-33-44-55", text, StringComparison.Ordinal);
        Assert.Contains("Alternative Routing-ID Interpretation (ARI)", text, StringComparison.Ordinal);
        Assert.Contains("Access Control Services", text, StringComparison.Ordinal);
        Lspci.AssertUnbroken(text, capabilities: 7);
    }

    [Fact]
    public void SR_IOV_capability_is_read_by_lspci_without_complaint()
    {
        var pf = SrIovSample.MakePf();
        pf.Write(pf.SrIov!.Offset + SrIovRegister.VfBar0 + 12, 0x9000_0000);
        pf.Write(pf.SrIov.Offset + SrIovRegister.SystemPageSize, 0x10);
        pf.Enable(5, ari: true);
        var text = Lspci.Decode(("00:00.0", pf.Read))[0];

        Assert.Contains("Single Root I/O Virtualization (SR-IOV)", text, StringComparison.Ordinal);
        Assert.Contains("IOVCtl:\tEnable+ Migration- Interrupt- MSE+ ARIHierarchy+", text, StringComparison.Ordinal);
        Assert.Contains("Initial VFs: 16, Total VFs: 16, Number of VFs: 5, Function Dependency Link: 00", text, StringComparison.Ordinal);
        Assert.Contains("VF offset: 1, stride: 1, Device ID: 0011", text, StringComparison.Ordinal);
        Assert.Contains("Supported Page Size: 00000553, System Page Size: 00000010", text, StringComparison.Ordinal);
        Assert.Contains("Region 3: Memory at 90000000 (32-bit, non-prefetchable)", text, StringComparison.Ordinal);
        Lspci.AssertUnbroken(text, capabilities: 8);
    }

    [Fact]
    public void Hot_plug_port_is_read_by_lspci_without_complaint()
    {
        var port = PortSample.Make(PortType.DownstreamPort);
        port.Write(0x18, 0x05_02_01);
        port.Write(0x20, 0xFEB0_FEA0);
        port.Write(port.PcieOffset + 0x18, 0x0100 | 0x00C0, 0b0011);
        port.Slot!.SetPresence(true);
        port.Slot.SetDataLinkActive(true);
        var text = Lspci.Decode(("00:00.0", port.Read))[0];

        Assert.Contains("Bus: primary=01, secondary=02, subordinate=05", text, StringComparison.Ordinal);
        Assert.Contains("Memory behind bridge: fea00000-febfffff", text, StringComparison.Ordinal);
        Assert.Contains("Express (v2) Downstream Port (Slot+)", text, StringComparison.Ordinal);
        Assert.Contains("AttnBtn+ PwrCtrl+ MRL- AttnInd+ PwrInd+ HotPlug+ Surprise+", text, StringComparison.Ordinal);
        Assert.Contains("Slot #3", text, StringComparison.Ordinal);
        Assert.Contains("DLActive+", text, StringComparison.Ordinal);
        Assert.Contains("PresDet+", text, StringComparison.Ordinal);
        Assert.Contains("AttnInd Off, PwrInd On, Power-", text, StringComparison.Ordinal);
        Assert.Contains("MSI: Enable- Count=1/1 Maskable- 64bit+", text, StringComparison.Ordinal);
        Assert.Contains("Subsystem:", text, StringComparison.Ordinal);
        Lspci.AssertUnbroken(text, capabilities: 7);
    }

    [Theory]
    [InlineData(PortType.RootPort, "Root Port (Slot-)", 7)]
    [InlineData(PortType.UpstreamPort, "Upstream Port", 6)]
    public void Other_ports_are_read_by_lspci_without_complaint(PortType type, string expected, int capabilities)
    {
        var text = Lspci.Decode(("00:00.0", PortSample.Make(type).Read))[0];
        Assert.Contains(expected, text, StringComparison.Ordinal);
        Lspci.AssertUnbroken(text, capabilities);
    }
}
