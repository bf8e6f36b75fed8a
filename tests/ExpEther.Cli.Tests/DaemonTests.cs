using System.Security.Cryptography;
using System.Text.Json.Nodes;
using ExpEther.Cli.Tests.Lab;

namespace ExpEther.Cli.Tests;

public class DaemonTests
{
    [Fact]
    public async Task A_disk_is_attached_read_written_verified_and_detached_by_commands()
    {
        await using var machine = await OneMachine.StartAsync();
        var data = RandomNumberGenerator.GetBytes(3 << 20);
        var file = machine.Folder.File("data");
        await File.WriteAllBytesAsync(file, data, TestContext.Current.CancellationToken);

        var attached = await Expether.RunAsync("attach", "disk1", "host1", "--socket", machine.Io, "--json");
        Assert.Equal((0, "host1", 101), (attached.Code, attached.Json["to"]!.GetValue<string>(), attached.Json["vlanAfter"]!.GetValue<int>()));
        var slots = await machine.UntilAsync(machine.Host, "ls", host => host["hosts"]![0]!["slots"]![0]!["disk"] is not null);
        Assert.Equal("disk1", slots["hosts"]![0]!["slots"]![0]!["function"]!.GetValue<string>());

        var id = await Expether.RunAsync("nvme", "id", "--socket", machine.Host, "--json");
        Assert.Equal(("disk1", 8 << 20), (id.Json["serial"]!.GetValue<string>(), id.Json["bytes"]!.GetValue<int>()));
        var tree = await Expether.RunAsync("tree", "--socket", machine.Host);
        var nodes = tree.Output.Split('\n');
        Assert.Equal("host1:", nodes[0]);
        Assert.Contains(nodes, line => line.Contains("└─ 00:00.0  Root port", StringComparison.Ordinal));
        Assert.Contains(nodes, line => line.Contains("└─ 03:00.0  NVMe controller", StringComparison.Ordinal));

        Assert.Equal(0, (await Expether.RunAsync("nvme", "write", "disk1", "--input", file, "--offset", "1MiB", "--socket", machine.Host)).Code);
        var read = machine.Folder.File("back");
        Assert.Equal(
            0, (await Expether.RunAsync("nvme", "read", "disk1", "--lba", "2048", "--bytes", "3MiB", "--output", read, "--socket", machine.Host)).Code);
        Assert.Equal(data, await File.ReadAllBytesAsync(read, TestContext.Current.CancellationToken));
        Assert.Equal(0, (await Expether.RunAsync("nvme", "verify", "nvme0", "--offset", "1MiB", "--against", file, "--socket", machine.Host)).Code);
        Assert.Equal(1, (await Expether.RunAsync("nvme", "verify", "disk1", "--against", file, "--socket", machine.Host)).Code);

        var trimmed = await Expether.RunAsync("nvme", "trim", "disk1", "--offset", "2MiB", "--bytes", "1MiB", "--socket", machine.Host, "--json");
        Assert.Equal(
            (0, 1 << 20, true), (trimmed.Code, trimmed.Json["bytes"]!.GetValue<int>(), trimmed.Json["readsZeroes"]!.GetValue<bool>()));
        Array.Clear(data, 1 << 20, 1 << 20);
        await File.WriteAllBytesAsync(file, data, TestContext.Current.CancellationToken);
        Assert.Equal(0, (await Expether.RunAsync("nvme", "verify", "disk1", "--offset", "1MiB", "--against", file, "--socket", machine.Host)).Code);
        var beyond = await Expether.RunAsync("nvme", "trim", "disk1", "--offset", "8MiB", "--bytes", "4096", "--socket", machine.Host, "--json");
        Assert.Equal((1, "out-of-range"), (beyond.Code, beyond.Json["error"]!["code"]!.GetValue<string>()));

        Assert.Equal(0, (await Expether.RunAsync("detach", "disk1", "--socket", machine.Io)).Code);
        await machine.UntilAsync(machine.Host, "ls", host => host["hosts"]![0]!["slots"]![0]!["disk"] is null);
        var gone = await Expether.RunAsync("nvme", "id", "disk1", "--socket", machine.Host, "--json");
        Assert.Equal((1, "no-such-disk"), (gone.Code, gone.Json["error"]!["code"]!.GetValue<string>()));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_box_that_is_killed_and_starts_again_gives_its_functions_back_under_a_new_generation(bool whileItIsPluggedIn)
    {
        await using var machine = await OneMachine.StartAsync();
        await Expether.RunAsync("attach", "disk2", "host1", "--socket", machine.Io);
        var before = await machine.UntilAsync(machine.Io, "ls", box => Disk2(box)["vfH"] is not null);
        if (!whileItIsPluggedIn)
        {
            await machine.UntilAsync(machine.Host, "ls", host => host["hosts"]![0]!["slots"]![0]!["disk"] is not null);
        }

        await machine.RestartIoAsync();
        var after = await machine.UntilAsync(machine.Io, "ls", box => box["started"]!.GetValue<bool>() && Disk2(box)["vfH"] is not null);
        await machine.UntilAsync(machine.Host, "ls", host => host["hosts"]![0]!["slots"]![0]!["disk"] is not null);

        Assert.Equal("host1", Disk2(after)["owner"]!.GetValue<string>());
        Assert.True(Disk2(after)["generation"]!.GetValue<ulong>() > Disk2(before)["generation"]!.GetValue<ulong>());

        static JsonNode Disk2(JsonObject box) =>
            box["functions"]!.AsArray().FirstOrDefault(f => f!["name"]!.GetValue<string>() == "disk2") ?? new JsonObject();
    }

    [Fact]
    public async Task Refusals_name_the_reason_and_what_to_do()
    {
        await using var machine = await OneMachine.StartAsync();

        var function = await Expether.RunAsync("attach", "disk9", "host1", "--socket", machine.Io, "--json");
        var host = await Expether.RunAsync("attach", "disk1", "host9", "--socket", machine.Io, "--json");
        var owner = await Expether.RunAsync("detach", "disk1", "--socket", machine.Io, "--json");

        Assert.All([function, host, owner], run =>
        {
            Assert.Equal(1, run.Code);
            Assert.NotEmpty(run.Json["error"]!["message"]!.GetValue<string>());
            Assert.NotEmpty(run.Json["error"]!["remedy"]!.GetValue<string>());
        });
        Assert.Equal(
            ["no-such-function", "no-such-host", "not-owned"], new[] { function, host, owner }.Select(r => r.Json["error"]!["code"]!.GetValue<string>()));
    }

    [Theory]
    [InlineData("--offset", "100", "--bytes", "512", "out-of-range")]
    [InlineData("--offset", "8MiB", "--bytes", "512", "out-of-range")]
    [InlineData("--lba", "1", "--bytes", "1000", "out-of-range")]
    [InlineData("--namespace", "2", "--bytes", "512", "out-of-range")]
    public async Task A_range_that_is_not_there_is_refused(string option, string value, string option2, string value2, string code)
    {
        await using var machine = await OneMachine.StartAsync();
        await Expether.RunAsync("attach", "disk1", "host1", "--socket", machine.Io);
        await machine.UntilAsync(machine.Host, "ls", host => host["hosts"]![0]!["slots"]![0]!["disk"] is not null);

        var run = await Expether.RunAsync("nvme", "verify", "disk1", option, value, option2, value2, "--socket", machine.Host, "--json");

        Assert.Equal((1, code), (run.Code, run.Json["error"]!["code"]!.GetValue<string>()));
    }

    [Fact]
    public async Task Sigterm_leaves_cleanly_and_the_other_side_knows_at_once()
    {
        await using var machine = await OneMachine.StartAsync();
        await Expether.RunAsync("attach", "disk1", "host1", "--socket", machine.Io);
        await machine.UntilAsync(machine.Host, "ls", host => host["hosts"]![0]!["slots"]![0]!["disk"] is not null);
        var io = machine.Daemons[0];

        io.Signal("TERM");
        var ended = await io.EndAsync();

        Assert.Equal(0, ended.Code);
        Assert.False(File.Exists(machine.Io));
        using var client = await Daemon.Control.ControlClient.ConnectAsync(machine.Host, TestContext.Current.CancellationToken);
        var host = await client.CallAsync("ls", cancel: TestContext.Current.CancellationToken);
        while (host["hosts"]![0]!["slots"]![0]!["disk"] is not null)
        {
            host = await client.CallAsync("ls", cancel: TestContext.Current.CancellationToken);
        }

        Assert.Equal("down", host["hosts"]![0]!["boxes"]![0]!["link"]!.GetValue<string>());
    }
}
