using System.Text.Json.Nodes;
using ExpEther.Cli.Tests.Lab;

namespace ExpEther.Cli.Tests.Silence;

/// <summary>
/// The promise of ARCHITECTURE.md, "Links and silence", on real frames between processes: shorter than <c>linkDeadSeconds</c> is a pause,
/// longer is a removal that is told, and a return.
/// </summary>
[Collection("demo")]
public class SilenceTests
{
    private const int Bytes = 8 << 20;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("cut at the switch", 10)]
    [InlineData("interface down", 3)]
    public async Task Silence_shorter_than_link_dead_is_a_pause_and_no_error(string how, int seconds)
    {
        Namespaces.SkipWhenMissing();
        await using var lab = await CableLab.OverSwitchAsync();
        await lab.AttachAsync();
        var before = await lab.UntilAsync(lab.Host, "ls", _ => true);
        using var write = await SlowWrite.StartAsync(lab, "8MiB", Bytes);
        var reset = lab.Log("host").Contains("resetting", StringComparison.Ordinal);

        await BreakAsync(lab, how);
        write.GiveRest();
        await Task.Delay(TimeSpan.FromSeconds(seconds), Cancel);
        Assert.Equal("silent", Text(CableLab.Link(await lab.UntilAsync(lab.Host, "ls", _ => true)), "link"));
        Assert.Equal("silent", Text(CableLab.LinkOfBox(await lab.UntilAsync(lab.Io, "ls", _ => true)), "link"));
        Assert.False(write.HasEnded);
        await MendAsync(lab, how);

        Assert.Equal((0, ""), Outcome(await write.EndAsync()));
        await AssertHoldsAsync(lab, "8MiB", write.Data);
        var after = await lab.UntilAsync(lab.Host, "ls", host => Text(CableLab.Link(host), "link") == "up");
        Assert.Equal(CableLab.Slot(before).ToJsonString(), CableLab.Slot(after).ToJsonString());
        Assert.Equal(CableLab.Link(before).ToJsonString(), CableLab.Link(after).ToJsonString());
        Assert.False(reset || lab.Log("host").Contains("resetting", StringComparison.Ordinal), lab.Log("host"));
        Assert.Contains("the path has fallen silent", lab.Log("host"), StringComparison.Ordinal);
        Assert.Equal(how == "interface down", lab.Log("host").Contains("eth0: the interface is down", StringComparison.Ordinal));
        Assert.Contains("the path is back", lab.Log("io"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cut at the switch")]
    [InlineData("interface down")]
    public async Task Silence_longer_than_link_dead_empties_the_slot_and_the_function_comes_back_with_the_link(string how)
    {
        Namespaces.SkipWhenMissing();
        await using var lab = await CableLab.OverSwitchAsync(linkDeadSeconds: 2);
        await lab.AttachAsync();
        var generation = Generation(await lab.UntilAsync(lab.Host, "ls", _ => true));
        using var flushed = await SlowWrite.StartAsync(lab, "0", Bytes);
        flushed.GiveRest();
        Assert.Equal((0, ""), Outcome(await flushed.EndAsync()));
        using var lost = await SlowWrite.StartAsync(lab, "8MiB", Bytes);

        await BreakAsync(lab, how);
        lost.GiveRest();
        var empty = await lab.UntilAsync(lab.Host, "ls", host => Text(CableLab.Slot(host), "state") == "empty");
        Assert.Null(CableLab.Slot(empty)["disk"]);
        Assert.Equal("down", Text(CableLab.Link(empty), "link"));
        await lab.UntilAsync(lab.Io, "ls", box => Text(CableLab.LinkOfBox(box), "link") == "down");
        Assert.Equal((1, "disk-error"), Outcome(await lost.EndAsync()));
        var gone = await Expether.RunAsync("nvme", "id", "disk1", "--socket", lab.Host, "--json");
        Assert.Equal((1, "no-such-disk"), Outcome(gone));

        await MendAsync(lab, how);
        var back = await lab.UntilAsync(lab.Host, "ls", host => CableLab.Slot(host)["disk"] is not null);
        Assert.True(Generation(back) > generation);
        await AssertHoldsAsync(lab, "0", flushed.Data);
        using var again = await SlowWrite.StartAsync(lab, "8MiB", Bytes);
        again.GiveRest();
        Assert.Equal((0, ""), Outcome(await again.EndAsync()));
        await AssertHoldsAsync(lab, "8MiB", again.Data);
    }

    [Fact]
    public async Task An_interface_that_is_unplugged_empties_the_slot_and_the_daemon_says_so_and_lives()
    {
        Namespaces.SkipWhenMissing();
        await using var lab = await CableLab.OverSwitchAsync(linkDeadSeconds: 2);
        await lab.AttachAsync();
        using var write = await SlowWrite.StartAsync(lab, "0", Bytes);

        await lab.OnHostAsync("ip", "link", "del", "eth0");
        write.GiveRest();
        await lab.UntilAsync(lab.Host, "ls", host => Text(CableLab.Slot(host), "state") == "empty");

        Assert.Equal((1, "disk-error"), Outcome(await write.EndAsync()));
        Assert.Contains("eth0: the interface is down", lab.Log("host"), StringComparison.Ordinal);
        Assert.Equal("down", Text(CableLab.LinkOfBox(await lab.UntilAsync(lab.Io, "ls", box => Text(CableLab.LinkOfBox(box), "link") == "down")), "link"));
    }

    private static Task BreakAsync(CableLab lab, string how) => how == "interface down" ? lab.OnHostAsync("ip", "link", "set", "eth0", "down") : lab.CutAsync();

    private static Task MendAsync(CableLab lab, string how) => how == "interface down" ? lab.OnHostAsync("ip", "link", "set", "eth0", "up") : lab.HealAsync();

    private static async Task AssertHoldsAsync(CableLab lab, string offset, byte[] data) => Assert.Equal(
        0, (await Expether.RunAsync("nvme", "verify", "disk1", "--offset", offset, "--against", lab.Write("data", data), "--socket", lab.Host)).Code);

    /// <summary>The exit code, and the code of the error that the user sees.</summary>
    private static (int, string) Outcome(Expether.Finished command) => (command.Code, command.Code == 0 ? "" : Text(command.Json["error"]!.AsObject(), "code"));

    private static string Text(JsonObject json, string name) => json[name]!.GetValue<string>();

    private static ulong Generation(JsonObject host) => CableLab.Slot(host)["generation"]!.GetValue<ulong>();
}
