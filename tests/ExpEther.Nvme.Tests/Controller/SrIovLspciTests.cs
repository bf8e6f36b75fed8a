using System.Globalization;
using ExpEther.Pcie.Config;
using ExpEther.Pcie.Tests;

namespace ExpEther.Nvme.Tests.Controller;

/// <summary>The NVMe device's own functions as pciutils sees them.</summary>
public sealed class SrIovLspciTests
{
    [Fact]
    public void Primary_and_secondary_controllers_functions_are_read_by_lspci()
    {
        var box = SrIovTests.Started();
        box.Online(2, queues: 3, interrupts: 2);
        var texts = Lspci.Decode([
            ("01:00.0", box.Primary.Host.ReadConfig), .. Enumerable.Range(1, 3).Select(n => (Slot(n), (Func<int, uint>)box.Vf(n).Host.ReadConfig)),
        ]);

        Assert.Equal(4, texts.Length);
        Lspci.AssertUnbroken(texts[0], Capabilities(box.Device.Primary.Config));
        Assert.Contains("IOVCtl:\tEnable+ Migration- Interrupt- MSE+ ARIHierarchy+ 10BitTagReq-", texts[0], StringComparison.Ordinal);
        Assert.Contains("Initial VFs: 3, Total VFs: 3, Number of VFs: 3, Function Dependency Link: 00", texts[0], StringComparison.Ordinal);
        Assert.Contains("VF offset: 1, stride: 1, Device ID: 10e1", texts[0], StringComparison.Ordinal);
        Assert.Contains("Supported Page Size: 00000553, System Page Size: 00000001", texts[0], StringComparison.Ordinal);
        Assert.Contains("Region 0: Memory at 0000003000000000 (64-bit", texts[0], StringComparison.Ordinal);
        for (var number = 1; number <= 3; number++)
        {
            var text = texts[number];
            Lspci.AssertUnbroken(text, Capabilities(box.Device.Secondaries[number - 1].Config));
            Assert.StartsWith($"{Slot(number)} Non-Volatile memory controller: Illegal Vendor ID Device ffff", text, StringComparison.Ordinal);
            Assert.Contains("FLReset+", text, StringComparison.Ordinal);
            Assert.Contains("Advanced Error Reporting", text, StringComparison.Ordinal);
            // The table is as large as the interrupts that its controller was given; none cannot be shown.
            Assert.Contains($"Count={(number == 2 ? 2 : 1)} Masked-", text, StringComparison.Ordinal);
            Assert.DoesNotContain("Region", text, StringComparison.Ordinal);
            Assert.DoesNotContain("SR-IOV", text, StringComparison.Ordinal);
            Assert.DoesNotContain("Interrupt: pin", text, StringComparison.Ordinal);
        }
    }

    private static int Capabilities(EndpointConfig config)
    {
        var shown = new ShownFunction(config.Read);
        return shown.Capabilities().Count + shown.ExtendedCapabilities().Count;
    }

    private static string Slot(int number) => string.Create(CultureInfo.InvariantCulture, $"01:00.{number}");
}
