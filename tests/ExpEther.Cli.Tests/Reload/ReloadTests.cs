using System.Text.Json.Nodes;
using ExpEther.Cli.Tests.Lab;

namespace ExpEther.Cli.Tests.Reload;

/// <summary>Daemons as processes take another configuration while one of their disks is written, read and verified without a pause.</summary>
public class ReloadTests
{
    private const string OtherKey = "ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

    [Fact]
    public async Task A_host_and_a_disk_come_and_go_while_another_host_works_and_its_link_does_not_notice()
    {
        await using var machine = await OneMachine.StartAsync();
        await AttachAsync(machine, "disk1");
        var epochs = await EpochsAsync(machine);
        using var stop = new CancellationTokenSource();
        var work = WorkAsync(machine, stop.Token);
        var disk = machine.Folder.Write("disk3.img", new string('x', 1 << 20));

        machine.WriteIo($"""
            [[host]]
            name = "host2"
            vlan = 102
            key = "{OtherKey}"
            [[device]]
            name = "disk3"
            [[device.namespace]]
            file = "{disk}"
            """);
        var added = await Expether.RunAsync("reload", "--socket", machine.Io, "--json");
        Assert.Equal((0, ""), (added.Code, added.Error));
        Assert.Equal(["host.host2", "device.disk3"], added.Json["changes"]!.AsArray().Select(c => c!["key"]!.GetValue<string>()));
        Assert.DoesNotContain(OtherKey, added.Output, StringComparison.Ordinal);
        var list = await machine.UntilAsync(machine.Io, "ls", _ => true);
        Assert.Equal(["disk1", "disk2", "disk3"], list["functions"]!.AsArray().Select(f => f!["name"]!.GetValue<string>()));

        machine.WriteHost($"""
            [[host]]
            name = "host2"
            vlan = 102
            key = "{OtherKey}"
            """);
        Assert.Equal(0, (await Expether.RunAsync("reload", "--socket", machine.Host)).Code);
        await machine.UntilAsync(machine.Io, "ls", box => box["hosts"]![1]!["link"]!.GetValue<string>() == "up");
        Assert.Equal(0, (await Expether.RunAsync("attach", "disk3", "host2", "--socket", machine.Io)).Code);
        await machine.UntilAsync(machine.Host, "ls", host => host["hosts"]![1]!["slots"]![0]!["disk"] is not null);
        Assert.Equal(0, (await Expether.RunAsync("nvme", "verify", "disk3", "--against", disk, "--socket", machine.Host)).Code);

        machine.WriteIo("");
        var owned = await Expether.RunAsync("reload", "--socket", machine.Io, "--json");
        Assert.Equal((1, "reload-refused"), (owned.Code, owned.Json["error"]!["code"]!.GetValue<string>()));
        Assert.Equal(["host.host2", "device.disk3"], owned.Json["error"]!["refusals"]!.AsArray().Select(r => r!["key"]!.GetValue<string>()));
        Assert.DoesNotContain("\\u", owned.Error, StringComparison.Ordinal);
        machine.WriteHost("");
        var plugged = await Expether.RunAsync("reload", "--socket", machine.Host);
        Assert.Equal(1, plugged.Code);
        Assert.Contains("expether detach disk3", plugged.Error, StringComparison.Ordinal);

        Assert.Equal(0, (await Expether.RunAsync("detach", "disk3", "--socket", machine.Io)).Code);
        await machine.UntilAsync(machine.Host, "ls", host => host["hosts"]![1]!["slots"]![0]!["function"] is null);
        Assert.Equal(0, (await Expether.RunAsync("reload", "--socket", machine.Host)).Code);
        Assert.Equal(0, (await Expether.RunAsync("reload", "--socket", machine.Io)).Code);
        var after = await machine.UntilAsync(machine.Io, "ls", _ => true);
        Assert.Equal((1, 2), (after["hosts"]!.AsArray().Count, after["functions"]!.AsArray().Count));

        // Its file is free: another may have it.
        using (new FileStream(disk, FileMode.Open, FileAccess.ReadWrite, FileShare.None))
        {
        }

        await stop.CancelAsync();
        Assert.True(await work > 0);
        Assert.Equal(epochs, await EpochsAsync(machine));
    }

    [Fact]
    public async Task One_mistake_among_good_changes_ends_as_at_a_start_and_changes_nothing()
    {
        await using var machine = await OneMachine.StartAsync();
        var file = machine.WriteIo("""
            [[device]]
            name = "disk3"
            [[device.namespace]]
            ramMiB = 8
            [[device]]
            name = "disk4"
            serail = "S4"
            [[device.namespace]]
            ramMiB = 8
            """);

        var text = await Expether.RunAsync("reload", "--socket", machine.Io);
        var json = await Expether.RunAsync("reload", "--socket", machine.Io, "--json");
        var start = await Expether.RunAsync("io", "--config", file, "--socket", machine.Folder.File("other.sock"), "--json");

        Assert.Equal((2, 2), (text.Code, json.Code));
        Assert.Contains("key 'serail': is not known in [[device]]; did you mean 'serial'?", text.Error, StringComparison.Ordinal);
        Assert.Equal(start.Json.ToJsonString(), json.Json.ToJsonString());
        var list = await machine.UntilAsync(machine.Io, "ls", _ => true);
        Assert.Equal(2, list["functions"]!.AsArray().Count);
    }

    [Fact]
    public async Task What_needs_a_start_is_refused_by_name_and_nothing_else_happens()
    {
        await using var machine = await OneMachine.StartAsync();
        machine.WriteIo("""
            [[device]]
            name = "disk3"
            [[device.namespace]]
            ramMiB = 8
            """, text => text.Replace("kind = \"udp\"", "kind = \"udp\"\nmtu = 2000", StringComparison.Ordinal));

        var run = await Expether.RunAsync("reload", "--socket", machine.Io);

        Assert.Equal(1, run.Code);
        Assert.Contains("key 'port.mtu': default -> 2000 takes effect only at a start; restart the daemon", run.Error, StringComparison.Ordinal);
        var list = await machine.UntilAsync(machine.Io, "ls", _ => true);
        Assert.Equal(2, list["functions"]!.AsArray().Count);
    }

    [Fact]
    public async Task A_dry_run_says_what_would_change_and_changes_nothing()
    {
        await using var machine = await OneMachine.StartAsync();
        machine.WriteIo("", text => text.Replace("vlan = 101", "vlan = 101\nmac = \"02:00:00:00:00:07\"", StringComparison.Ordinal));

        var dry = await Expether.RunAsync("reload", "--dry-run", "--socket", machine.Io);

        Assert.Equal(0, dry.Code);
        Assert.StartsWith("would change:\n  host.host1.mac: ", dry.Output, StringComparison.Ordinal);
        var list = await machine.UntilAsync(machine.Io, "ls", _ => true);
        Assert.Equal("up", list["hosts"]![0]!["link"]!.GetValue<string>());
    }

    [Fact]
    public async Task Sighup_does_the_same_into_the_log()
    {
        await using var machine = await OneMachine.StartAsync();
        var io = machine.Daemons[0];
        machine.WriteIo("", text => text.Replace("[port]", "releaseTimeoutMs = 1234\n[port]", StringComparison.Ordinal));

        io.Signal("HUP");
        await io.SeeAsync("releaseTimeoutMs: 60000 -> 1234");
        machine.WriteIo("", text => text.Replace("[port]", "releaseTimeoutMs = 1\n[port]", StringComparison.Ordinal));
        io.Signal("HUP");

        Assert.Contains("nothing was changed", await io.SeeAsync("not reloaded"), StringComparison.Ordinal);
        Assert.False(io.HasEnded);
        Assert.Equal(0, (await Expether.RunAsync("attach", "disk1", "host1", "--socket", machine.Io)).Code);
    }

    [Fact]
    public async Task Another_key_at_both_ends_sets_the_link_up_anew_and_the_disk_comes_back()
    {
        await using var machine = await OneMachine.StartAsync();
        await AttachAsync(machine, "disk1");
        machine.WriteIo("", text => text.Replace("key = \"00", "key = \"ff", StringComparison.Ordinal));
        machine.WriteHost("", text => text.Replace("key = \"00", "key = \"ff", StringComparison.Ordinal));

        var box = await Expether.RunAsync("reload", "--socket", machine.Io);
        Assert.Equal((0, "changed:\n  host.host1.key: changed\n"), (box.Code, box.Output));
        await machine.UntilAsync(machine.Host, "ls", host => host["hosts"]![0]!["misfits"]!.AsArray().Count == 1
            || host["hosts"]![0]!["boxes"]![0]!["trouble"]?.GetValue<string>() == "keyDiffers");
        var told = await Expether.RunAsync("ls", "--socket", machine.Host);
        Assert.Contains("compare key or keyFile", told.Output, StringComparison.Ordinal);
        Assert.Equal(0, (await Expether.RunAsync("reload", "--socket", machine.Host)).Code);

        await machine.WaitForLinkAsync();
        await machine.UntilAsync(machine.Host, "ls", host => host["hosts"]![0]!["slots"]![0]!["disk"] is not null);
    }

    [Fact]
    public async Task A_namespace_becomes_read_only_under_its_host_and_writable_again()
    {
        await using var machine = await OneMachine.StartAsync();
        await AttachAsync(machine, "disk1");
        var data = machine.Folder.Write("data", new string('y', 4096));
        machine.WriteIo("", text => text.Replace("name = \"disk1\"", "name = \"disk1\"\nreadOnly = true", StringComparison.Ordinal));

        Assert.Equal(0, (await Expether.RunAsync("reload", "--socket", machine.Io)).Code);
        var refused = await Expether.RunAsync("nvme", "write", "disk1", "--input", data, "--socket", machine.Host);
        machine.WriteIo("");
        Assert.Equal(0, (await Expether.RunAsync("reload", "--socket", machine.Io)).Code);
        var written = await Expether.RunAsync("nvme", "write", "disk1", "--input", data, "--socket", machine.Host);

        Assert.Equal((1, 0), (refused.Code, written.Code));
    }

    private static async Task AttachAsync(OneMachine machine, string disk)
    {
        Assert.Equal(0, (await Expether.RunAsync("attach", disk, "host1", "--socket", machine.Io)).Code);
        await machine.UntilAsync(machine.Host, "ls", host => host["hosts"]![0]!["slots"]![0]!["disk"] is not null);
    }

    private static async Task<long> EpochsAsync(OneMachine machine)
    {
        var stats = await machine.UntilAsync(machine.Io, "stats", _ => true);
        return stats["links"]!.AsArray().First(l => l!["peer"]!.GetValue<string>() == "host1")!["epochs"]!.GetValue<long>();
    }

    /// <summary>Writes other data each time and reads it back, from one connection, until it is stopped.</summary>
    /// <returns>How many times it was right.</returns>
    private static async Task<int> WorkAsync(OneMachine machine, CancellationToken stop)
    {
        using var client = await Daemon.Control.ControlClient.ConnectAsync(machine.Host, TestContext.Current.CancellationToken);
        for (var round = 0; ; round++)
        {
            if (stop.IsCancellationRequested)
            {
                return round;
            }

            var data = new byte[256 << 10];
            new Random(round).NextBytes(data);
            using var upload = new MemoryStream(data);
            await client.CallAsync("nvme.write", Range(data.Length), upload: upload, cancel: TestContext.Current.CancellationToken);
            using var back = new MemoryStream();
            await client.CallAsync("nvme.read", Range(data.Length), onData: piece =>
            {
                back.Write(piece.Span);
                return ValueTask.CompletedTask;
            }, cancel: TestContext.Current.CancellationToken);
            Assert.Equal(data, back.ToArray());
        }
    }

    private static JsonObject Range(int bytes) => new() { ["disk"] = "disk1", ["host"] = "host1", ["offset"] = 0, ["bytes"] = bytes };
}
