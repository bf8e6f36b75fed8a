using ExpEther.Lab.Tests.Lab;

namespace ExpEther.Lab.Tests.Faults;

/// <summary>The cable of a guest's host bridge is pulled while the guest writes.</summary>
public sealed class CableTests
{
    private const string Guest = "guest1";

    /// <summary>Shorter than linkDeadSeconds, 20.</summary>
    private static readonly TimeSpan Short = TimeSpan.FromSeconds(10);

    /// <summary>
    /// QEMU's monitor waits with a guest's access, and that at most for completionTimeoutMs, 3000 by default. From 5 s on QEMU gives the device up.
    /// </summary>
    private static readonly TimeSpan QmpLongest = TimeSpan.FromSeconds(5);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Ten_seconds_without_a_cable_are_a_pause_and_longer_ones_empty_the_slot_until_the_cable_is_back()
    {
        await using var lab = await GuestLab.UpAsync(1);
        var data = new FlushedData(lab);
        await data.WriteAsync(Guest);
        await lab.InAsync(Guest, $"mount {await data.DiskAsync(Guest)} /mnt");
        var work = new VerifiedWork(lab, Guest);
        await work.StartAsync("/mnt/work", "0");
        using var qmp = await GuestQmp.ConnectAsync(lab, Guest);

        await lab.FaultAsync(Guest, "--cut");
        var shortest = await qmp.LongestAnswerAsync(Task.Delay(Short, Cancel));
        var silent = HostState.Link(await lab.ListAsync(lab.HostOf(Guest)));
        await lab.FaultAsync(Guest, "--heal");

        Assert.Equal("silent", silent);
        await work.EndCleanAsync();
        await lab.InAsync(Guest, "umount /mnt");

        // The guest goes on asking a function that nobody can reach.
        await lab.InAsync(Guest, "(while [ -e /sys/bus/pci/devices/0000:03:00.0 ]; do setpci -s 03:00.0 COMMAND; done) </dev/null >/dev/null 2>&1 &");
        await lab.FaultAsync(Guest, "--cut");
        var longest = await qmp.LongestAnswerAsync(lab.UntilAsync("an empty slot", lab.HostOf(Guest), HostState.IsAbsent));
        TestContext.Current.SendDiagnosticMessage($"QEMU's monitor answered within {shortest}, and within {longest} while the guest asked on");
        Assert.True(shortest < QmpLongest && longest < QmpLongest, $"QEMU's monitor was frozen for {shortest}, then for {longest}");
        await data.NoDiskAsync(Guest);
        await lab.FaultAsync(Guest, "--heal");
        await data.CheckAsync(Guest);
    }
}
