using System.Diagnostics;
using ExpEther.Lab.Tests.Lab;

namespace ExpEther.Lab.Tests.Faults;

/// <summary>Linux's own pciehp in place of ACPI's hot-plug: slower, as on real machines.</summary>
public sealed class NativeHotplugTests
{
    [Fact]
    public async Task A_function_comes_and_goes_by_native_hot_plug()
    {
        await using var lab = await GuestLab.UpAsync(1, "--native-hotplug");
        var function = lab.FunctionOf("guest1");
        var data = new FlushedData(lab);
        await data.WriteAsync("guest1");
        Assert.Contains("pciehp", await lab.InAsync("guest1", "dmesg"), StringComparison.Ordinal);

        var watch = Stopwatch.StartNew();
        await lab.DetachAsync(function);
        await data.NoDiskAsync("guest1");
        var removed = watch.Elapsed;
        Assert.True(HostState.IsAbsent(await lab.ListAsync(lab.HostOf("guest1"))));
        await lab.AttachAsync(function, "guest1");
        await data.DiskAsync("guest1");
        TestContext.Current.SendDiagnosticMessage($"native hot-plug: removed in {removed}, added in {watch.Elapsed - removed}");

        await data.CheckAsync("guest1");
    }
}
