using System.Security.Cryptography;
using System.Text.Json.Nodes;
using ExpEther.Cli.Tests.Lab;

namespace ExpEther.Cli.Tests.Sharing;

/// <summary>Private and shared namespaces of a device with virtual functions, by the commands a user has, over processes.</summary>
public class NamespaceTests
{
    private const long MiB = 1 << 20;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_private_namespace_comes_grows_and_goes_under_its_host_and_outlives_the_box()
    {
        await using var machine = await OneMachine.StartAsync(folder => Shared(folder));
        var data = machine.Folder.File("data");
        await File.WriteAllBytesAsync(data, RandomNumberGenerator.GetBytes((int)MiB), Cancel);

        await BoxAsync(machine, "attach", "shared.vf1", "host1");
        Assert.Equal([1], await SeenAsync(machine, seen => seen.Count == 1));
        var made = await BoxAsync(machine, "namespace", "create", "shared", "4MiB", "host1");
        var id = made["id"]!.GetValue<int>();
        Assert.Equal((4 * MiB, "host1"), (made["bytes"]!.GetValue<long>(), made["owner"]!.GetValue<string>()));
        Assert.Equal(["shared.vf1"], made["functions"]!.AsArray().Select(f => f!.GetValue<string>()));
        Assert.Equal([1, id], await SeenAsync(machine, seen => seen.Count == 2));

        await HostAsync(machine, "nvme", "write", "shared.vf1", "--namespace", $"{id}", "--input", data);
        await BoxAsync(machine, "namespace", "resize", "shared", $"{id}", "6MiB");
        await UntilAsync(machine, host => BytesOf(host, id) == 6 * MiB);
        await HostAsync(machine, "nvme", "verify", "shared.vf1", "--namespace", $"{id}", "--against", data);

        await machine.RestartIoAsync();
        await machine.UntilAsync(machine.Io, "ls", box => box["started"]!.GetValue<bool>() && Function(box, "shared.vf1")["slot"] is not null);
        await HostAsync(machine, "nvme", "verify", "shared.vf1", "--namespace", $"{id}", "--against", data);
        var inUse = await Expether.RunAsync("namespace", "delete", "shared", $"{id}", "--socket", machine.Io, "--json");
        Assert.Equal((1, "namespace-in-use"), (inUse.Code, inUse.Json["error"]!["code"]!.GetValue<string>()));
        await BoxAsync(machine, "namespace", "delete", "shared", $"{id}", "--force");
        Assert.Equal([1], await SeenAsync(machine, seen => seen.Count == 1));
    }

    [Fact]
    public async Task A_namespace_is_given_to_a_function_by_its_name()
    {
        await using var machine = await OneMachine.StartAsync(folder => Shared(folder));
        await BoxAsync(machine, "attach", "shared.vf1", "host1");
        await BoxAsync(machine, "attach", "shared.vf2", "host1");
        var made = await BoxAsync(machine, "namespace", "create", "shared", "4MiB", "host1", "--function", "shared.vf2");
        var id = made["id"]!.GetValue<int>();
        Assert.Equal(("shared.vf2", "shared.vf2"), (made["givenTo"]!.GetValue<string>(), made["functions"]!.AsArray().Single()!.GetValue<string>()));
        Assert.Equal([1, id], await SeenAsync(machine, seen => seen.Count == 2, "shared.vf2"));
        Assert.Equal([1], await SeenAsync(machine, seen => seen.Count == 1));

        await machine.RestartIoAsync();
        var box = await machine.UntilAsync(
            machine.Io, "ls", box => box["started"]!.GetValue<bool>() && Function(box, "shared.vf2")["slot"] is not null);
        Assert.Equal([id], Function(box, "shared.vf2")["givenNamespaces"]!.AsArray().Select(n => n!.GetValue<int>()));
        Assert.Contains("shared.vf2: namespace", (await Expether.RunAsync("ls", "--socket", machine.Io)).Output, StringComparison.Ordinal);
        Assert.Contains("GIVEN TO", (await Expether.RunAsync("namespace", "ls", "--socket", machine.Io)).Output, StringComparison.Ordinal);

        var mistyped = await Expether.RunAsync("namespace", "give", "shared", $"{id}", "host1", "--function", "shard.vf1", "--socket", machine.Io, "--json");
        Assert.Equal((1, "no-such-function"), (mistyped.Code, CodeOf(mistyped)));
        Assert.Contains("did you mean 'shared.vf1'?", mistyped.Json["error"]!["remedy"]!.GetValue<string>(), StringComparison.Ordinal);
        var used = await Expether.RunAsync("namespace", "give", "shared", $"{id}", "host1", "--function", "shared.vf1", "--socket", machine.Io, "--json");
        Assert.Equal((1, "namespace-in-use"), (used.Code, CodeOf(used)));
        await BoxAsync(machine, "namespace", "give", "shared", $"{id}", "host1", "--function", "shared.vf1", "--force");
        Assert.Equal([1, id], await SeenAsync(machine, seen => seen.Count == 2));
        Assert.Equal([1], await SeenAsync(machine, seen => seen.Count == 1, "shared.vf2"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Ordinary_requests_across_the_pieces_of_a_namespace_reach_all_of_them(bool isDevice)
    {
        // Made longer after another was made, so that it is in two pieces; one that nobody stands behind is in one.
        using var device = isDevice ? LoopDevice.Make(64 * MiB) : null;
        await using var machine = await OneMachine.StartAsync(folder => Shared(folder, device?.Path));
        await BoxAsync(machine, "attach", "shared.vf1", "host1");
        await BoxAsync(machine, "namespace", "create", "shared", "8MiB", "host1");
        await BoxAsync(machine, "namespace", "create", "shared", "8MiB", "host1");
        await BoxAsync(machine, "namespace", "resize", "shared", "65", "16MiB");
        await BoxAsync(machine, "namespace", "resize", "shared", "66", "16MiB");
        await UntilAsync(machine, host => BytesOf(host, 65) == 16 * MiB && BytesOf(host, 66) == 16 * MiB);
        foreach (var id in new[] { "65", "66" })
        {
            foreach (var (offset, bytes) in new[] { (8388096, 1024), (8388608, 512), (8388608 - (3 * 512), 7 * 512), (8388608 - 65536 - 512, 131072) })
            {
                var data = machine.Folder.File("piece");
                await File.WriteAllBytesAsync(data, RandomNumberGenerator.GetBytes(bytes), Cancel);
                await HostAsync(machine, "nvme", "write", "shared.vf1", "--namespace", id, "--offset", $"{offset}", "--input", data);
                await HostAsync(machine, "nvme", "verify", "shared.vf1", "--namespace", id, "--offset", $"{offset}", "--against", data);
            }
        }

        Assert.DoesNotContain(machine.Daemons, daemon => daemon.HasEnded);
    }

    [Fact]
    public async Task A_full_file_system_is_told_at_the_box_and_at_the_host()
    {
        using var small = SmallFileSystem.Make(1 * MiB);
        await using var machine = await OneMachine.StartAsync(folder =>
        {
            using (var disk = File.Create(Path.Combine(small.Path, "disk.img")))
            {
                disk.SetLength(8 * MiB);
            }

            return $"""
                [[device]]
                name = "full"
                [[device.namespace]]
                file = '{small.Path}/disk.img'

                """;
        });
        await BoxAsync(machine, "attach", "full", "host1");
        var data = machine.Folder.File("data");
        await File.WriteAllBytesAsync(data, RandomNumberGenerator.GetBytes(4 * (int)MiB), Cancel);
        await machine.UntilAsync(machine.Host, "ls", host => host.ToJsonString().Contains("\"full\"", StringComparison.Ordinal));
        var write = await Expether.RunAsync("nvme", "write", "full", "--input", data, "--socket", machine.Host, "--json");
        Assert.Equal((1, "disk-error"), (write.Code, CodeOf(write)));
        Assert.Contains("Capacity Exceeded", write.Json["error"]!["message"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Contains("no room", write.Json["error"]!["remedy"]!.GetValue<string>(), StringComparison.Ordinal);
        await machine.Daemons[0].SeeAsync("no room left");
        var box = await Expether.RunAsync("ls", "--socket", machine.Io);
        Assert.Contains("full: namespace 1: the storage behind it has no room left", box.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_shared_is_read_only_and_the_physical_function_is_nobodys()
    {
        await using var machine = await OneMachine.StartAsync(folder => Shared(folder));
        var data = machine.Folder.File("data");
        await File.WriteAllBytesAsync(data, new byte[4096], Cancel);
        await BoxAsync(machine, "attach", "shared.vf2", "host1");
        await SeenAsync(machine, seen => seen.Count == 1, "shared.vf2");

        var write = await Expether.RunAsync("nvme", "write", "shared.vf2", "--input", data, "--socket", machine.Host, "--json");
        var physical = await Expether.RunAsync("attach", "shared", "host1", "--socket", machine.Io, "--json");
        var beyond = await Expether.RunAsync("attach", "shared.vf5", "host1", "--socket", machine.Io, "--json");
        var twice = await Expether.RunAsync("attach", "shared.vf2", "host1", "--socket", machine.Io, "--json");
        var list = await Expether.RunAsync("namespace", "ls", "--socket", machine.Io);
        var box = await BoxAsync(machine, "ls");

        Assert.Equal((1, "disk-error"), (write.Code, CodeOf(write)));
        Assert.Equal((1, "physical-function"), (physical.Code, CodeOf(physical)));
        Assert.Contains("shared.vf", physical.Json["error"]!["remedy"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal((1, "no-such-function"), (beyond.Code, CodeOf(beyond)));
        Assert.Equal((0, "host1", "host1"), (twice.Code, twice.Json["from"]!.GetValue<string>(), twice.Json["to"]!.GetValue<string>()));
        Assert.Contains("shared, read-only", list.Output, StringComparison.Ordinal);
        Assert.Equal(
            ("shared", 4, 4), box["devices"]!.AsArray().Where(d => d!["numVfs"]!.GetValue<int>() > 0).Select(d => (
                d!["name"]!.GetValue<string>(), d["totalVfs"]!.GetValue<int>(), d["numVfs"]!.GetValue<int>())).Single());
    }

    [Theory]
    [InlineData("no-capacity", "create", "shared", "1TiB", "host1")]
    [InlineData("no-such-host", "create", "shared", "1MiB", "host9")]
    [InlineData("no-such-device", "create", "nothing", "1MiB", "host1")]
    [InlineData("no-namespaces", "create", "disk1", "1MiB", "host1")]
    [InlineData("no-such-namespace", "delete", "shared", "99")]
    [InlineData("no-namespaces", "ls", "disk1")]
    public async Task What_cannot_be_is_refused_with_a_code_and_a_remedy(string code, params string[] command)
    {
        await using var machine = await OneMachine.StartAsync(folder => Shared(folder));

        var run = await Expether.RunAsync(["namespace", .. command, "--socket", machine.Io, "--json"]);

        Assert.Equal((1, code), (run.Code, CodeOf(run)));
        Assert.NotEqual("", run.Json["error"]!["remedy"]!.GetValue<string>());
    }

    private static string Shared(LabFolder folder, string? backing = null)
    {
        using (var pool = File.Create(folder.File("pool.img")))
        {
            pool.SetLength(64 * MiB);
        }

        return $"""
            [[device]]
            name = "shared"
            vfs = 4
            [[device.namespace]]
            ramMiB = 1
            [device.pool]
            file = '{backing ?? folder.File("pool.img")}'

            """;
    }

    private static async Task<JsonObject> BoxAsync(OneMachine machine, params string[] command)
    {
        var run = await Expether.RunAsync([.. command, "--socket", machine.Io, "--json"]);
        Assert.True(run.Code == 0, $"{string.Join(' ', command)}: {run.Error}");
        return run.Json;
    }

    private static async Task HostAsync(OneMachine machine, params string[] command)
    {
        var run = await Expether.RunAsync([.. command, "--socket", machine.Host]);
        Assert.True(run.Code == 0, $"{string.Join(' ', command)}: {run.Error}");
    }

    /// <summary>NSIDs that the host's driver sees, once they are as many as wanted.</summary>
    private static async Task<IReadOnlyList<int>> SeenAsync(OneMachine machine, Func<IReadOnlyList<int>, bool> wanted, string disk = "shared.vf1")
    {
        IReadOnlyList<int> seen = [];
        await UntilAsync(machine, host => wanted(seen = [.. Namespaces(host).Select(n => n["id"]!.GetValue<int>())]), disk);
        return seen;
    }

    private static async Task UntilAsync(OneMachine machine, Func<JsonObject, bool> condition, string disk = "shared.vf1")
    {
        while (true)
        {
            using var client = await Daemon.Control.ControlClient.ConnectAsync(machine.Host, Cancel);
            var host = await client.CallAsync("nvme.wait", new JsonObject { ["disk"] = disk }, cancel: Cancel);
            host = await client.CallAsync("nvme.id", new JsonObject { ["disk"] = host["disk"]!.GetValue<string>() }, cancel: Cancel);
            if (condition(host))
            {
                return;
            }

            Assert.DoesNotContain(machine.Daemons, d => d.HasEnded);
        }
    }

    private static IEnumerable<JsonObject> Namespaces(JsonObject host) => host["namespaces"]!.AsArray().Select(n => n!.AsObject());

    private static long BytesOf(JsonObject host, int id) =>
        Namespaces(host).FirstOrDefault(n => n["id"]!.GetValue<int>() == id)?["bytes"]!.GetValue<long>() ?? 0;

    private static JsonObject Function(JsonObject box, string name) =>
        box["functions"]!.AsArray().Select(f => f!.AsObject()).Single(f => f["name"]!.GetValue<string>() == name);

    private static string CodeOf(Expether.Finished run) => run.Json["error"]!["code"]!.GetValue<string>();
}
