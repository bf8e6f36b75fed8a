using ExpEther.Pcie.Tlp;

namespace ExpEther.Bridge.Tests.Fabric;

/// <summary>Swaps across 4 GB change the header's length (PCIe 5.0 §2.2.4.1); the data stay the same.</summary>
public class AddressSwapTests
{
    [Theory]
    [InlineData(false, 0x40_0000_0000UL, 12, 16)]
    [InlineData(true, 0x2000_0000UL, 16, 12)]
    [InlineData(false, 0x2000_0000UL, 12, 12)]
    [InlineData(true, 0x40_0000_0000UL, 16, 16)]
    public void A_bar_below_4_gb_at_the_host_may_be_above_it_at_the_device_and_the_other_way(
        bool prefetchable, ulong memIoBase, int headerAtHost, int headerAtDevice)
    {
        var fabric = new TestFabric();
        var host = fabric.AddHost("host1", 101);
        var device = new ProbeDevice(prefetchable);
        var box = fabric.AddBox("box1", b => b.AddDevice("probe", device), o => o with { MemIoBase = memIoBase, MemIoBytes = 0x1000_0000 });
        fabric.Start();
        fabric.Attach(box, "probe", host);
        var function = host.Probes.Functions[0];
        fabric.Settle();
        device.Received.Clear();
        fabric.Capture.IsOn = true;

        Assert.True(function.TryWrite64(0, 0x1238, 0x1122_3344_5566_7788));
        var read = fabric.Run(async () => await function.Read64Async(0, 0x1238));

        Assert.Equal(0x1122_3344_5566_7788UL, read.Value);
        Assert.Equal(0x1122_3344_5566_7788UL, BitConverter.ToUInt64(device.Memory, 0x1238));
        Assert.All(fabric.Capture.Tlps.Where(t => t.View.IsMemory), t => Assert.Equal(headerAtHost, t.View.HeaderBytes));
        Assert.All(device.Received, t =>
        {
            Assert.Equal(TlpError.None, TlpView.TryParse(t, out var view));
            Assert.Equal(headerAtDevice, view.HeaderBytes);
        });
        Assert.Equal(2, device.Received.Count);
    }
}
