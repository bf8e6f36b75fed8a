using ExpEther.Lab.Tests.Lab;

namespace ExpEther.Lab.Tests.Faults;

/// <summary>kill -9 and resets: what was flushed is still there, and whoever shares the device does not notice.</summary>
public sealed class KillTests
{
    [Fact]
    public async Task A_guest_that_is_reset_or_killed_and_a_killed_bridge_come_back_with_the_flushed_data()
    {
        await using var lab = await GuestLab.UpAsync(2);
        var data = new FlushedData(lab);
        await data.WriteAsync("guest1");
        var other = new VerifiedWork(lab, "guest2");
        await other.StartAsync();

        await lab.InAsync("guest1", "touch /run/before");
        await lab.FaultAsync("guest1", "--reset");
        await lab.UntilInAsync("guest1", "[ ! -e /run/before ]");
        await data.CheckAsync("guest1");

        // In the middle of its writing, beyond the file system's end.
        await new VerifiedWork(lab, "guest1").StartAsync();
        await lab.FaultAsync("guest1", "--kill", "guest");
        await lab.FaultAsync("guest1", "--restart");
        await data.CheckAsync("guest1");

        await lab.FaultAsync("guest1", "--kill", "host");
        await lab.FaultAsync("guest1", "--restart");
        await lab.UntilAsync("guest1's function to be back", lab.HostOf("guest1"), HostState.IsConnected);
        await data.CheckAsync("guest1");
        await other.EndCleanAsync();

        // The box knew the bridge again by its set-up, and waited for no death of the link.
        var box = await File.ReadAllTextAsync(Path.Combine(lab.Dir, "io.log"), TestContext.Current.CancellationToken);
        Assert.Contains("the peer set it up anew", box, StringComparison.Ordinal);
        Assert.DoesNotContain("for too long", box, StringComparison.Ordinal);

        // Everybody's disk goes with the box.
        var others = new FlushedData(lab);
        await others.WriteAsync("guest2");
        await lab.FaultAsync("io", "--kill", "io");
        await lab.FaultAsync("io", "--restart");
        foreach (var (guest, flushed) in new[] { ("guest1", data), ("guest2", others) })
        {
            await lab.UntilAsync($"{guest}'s function to be back", lab.HostOf(guest), HostState.IsConnected);
            await flushed.CheckAsync(guest);
        }
    }
}
