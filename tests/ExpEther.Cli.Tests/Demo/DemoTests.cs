using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using ExpEther.Cli.Tests.Lab;

namespace ExpEther.Cli.Tests.Demo;

/// <summary>The demo as a user runs it. Each starts five daemons, so they run one after the other.</summary>
[Collection("demo")]
public class DemoTests
{
    [Theory]
    [InlineData("udp", "on")]
    [InlineData("udp", "off")]
    [InlineData("namespaces", "on")]
    [InlineData("user-namespaces", "on")]
    public async Task Everything_is_verified_and_nothing_is_left(string transport, string seal)
    {
        SkipUnlessPossible(transport);
        using var folder = new LabFolder();
        var data = RandomNumberGenerator.GetBytes(2_000_001); // not whole blocks
        var disk = folder.File("disk");
        await File.WriteAllBytesAsync(disk, data, TestContext.Current.CancellationToken);

        var run = await Expether.RunAsync("demo", "--embedded", "--json", "--transport", transport, "--seal", seal, "--disk", disk);

        Assert.True(run.Code == 0, run.Error);
        var json = run.Json;
        Assert.True(json["ok"]!.GetValue<bool>());
        Assert.Equal((transport, seal == "on"), (json["transport"]!.GetValue<string>(), json["sealed"]!.GetValue<bool>()));
        Assert.Equal(5, json["pids"]!.AsArray().Select(p => p!.GetValue<int>()).Distinct().Count());
        Assert.All(json["pids"]!.AsArray(), pid => Assert.False(Directory.Exists($"/proc/{pid}")));
        Assert.All(json["backing"]!.AsArray(), path => Assert.False(File.Exists(path!.GetValue<string>())));
        var expected = Convert.ToHexStringLower(SHA256.HashData(data));
        Assert.Equal(
            [("host1", 101), ("host2", 102), ("host3", 103)],
            json["hosts"]!.AsArray().Select(h => (h!["name"]!.GetValue<string>(), h["vlan"]!.GetValue<int>())));
        Assert.All(json["hosts"]!.AsArray(), host =>
        {
            Assert.True(host!["verified"]!.GetValue<bool>());
            Assert.Equal(expected, host["sha256Expected"]!.GetValue<string>());
            Assert.Equal(expected, host["sha256Actual"]!.GetValue<string>());
            Assert.True(host["bytesRead"]!.GetValue<long>() > data.Length + (8 << 20));
            Assert.True(host["bytesWritten"]!.GetValue<long>() >= 8 << 20);
            Assert.True(host["startNs"]!.GetValue<long>() < host["endNs"]!.GetValue<long>());
        });
        var device = json["device"]!;
        Assert.Equal(
            ("disk1", 3, 3), (device["name"]!.GetValue<string>(), device["totalVfs"]!.GetValue<int>(), device["numVfs"]!.GetValue<int>()));
        Assert.True(device["firstVfOffset"]!.GetValue<int>() > 0 && device["vfStride"]!.GetValue<int>() > 0);
        var hosts = json["hosts"]!.AsArray();
        var overlap = (hosts.Min(h => h!["endNs"]!.GetValue<long>()) - hosts.Max(h => h!["startNs"]!.GetValue<long>())) / 1e9;
        Assert.True(overlap > 0);
        Assert.Equal(overlap, json["overlap"]!.GetValue<double>(), 0.001);
        Assert.Equal(3, hosts.Select(h => h!["privateNamespace"]!.GetValue<int>()).Distinct().Count());
        Assert.Equal(2, json["hosts"]![1]!["functions"]!.AsArray().Count);
        Assert.All(json["hosts"]!.AsArray().SelectMany(h => h!["functions"]!.AsArray()), function =>
        {
            Assert.Equal(function!["bdf"]!.GetValue<string>(), function["vfH"]!.GetValue<string>());
            Assert.NotEqual(function["memH"]!.GetValue<string>(), function["memIo"]!.GetValue<string>());
            Assert.NotEqual(function["hostH"]!.GetValue<string>(), function["hostIo"]!.GetValue<string>());
            Assert.NotEqual(function["vfH"]!.GetValue<string>(), function["vfIo"]!.GetValue<string>());
        });
        var move = json["move"]!;
        Assert.Equal((101, 102, true), (move["vlanBefore"]!.GetValue<int>(), move["vlanAfter"]!.GetValue<int>(), move["verified"]!.GetValue<bool>()));
        Assert.Equal(("disk1.vf1", "host1", "host2"), (move["function"]!.GetValue<string>(), move["from"]!.GetValue<string>(), move["to"]!.GetValue<string>()));
        Assert.True(move["outageMs"]!.GetValue<double>() > 0);
        Assert.True(json["frames"]!["sent"]!.GetValue<long>() > 1000);
        Assert.Equal(data, await File.ReadAllBytesAsync(disk, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Damage_to_a_backing_file_is_found()
    {
        using var demo = Expether.Start("demo", "--embedded", "--json", "--transport", "udp");
        var backing = Backing(await demo.SeeAsync("shared namespace 1: a copy of"));
        await demo.SeeAsync("host2: read ");

        await using (var file = new FileStream(backing, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            file.Position = 4096;
            file.Write(RandomNumberGenerator.GetBytes(16));
        }

        var ended = await demo.EndAsync();
        Assert.Equal(1, ended.Code);
        Assert.False(ended.Json["ok"]!.GetValue<bool>());
        Assert.Contains("shared namespace 1", ended.Json["reason"]!.GetValue<string>(), StringComparison.Ordinal);
        var host2 = ended.Json["hosts"]![1]!;
        Assert.False(host2["verified"]!.GetValue<bool>());
        Assert.NotEqual(host2["sha256Expected"]!.GetValue<string>(), host2["sha256Actual"]!.GetValue<string>());
    }

    [Fact]
    public async Task Cut_frames_end_it_with_the_reason()
    {
        using var demo = Expether.Start("demo", "--embedded", "--json", "--transport", "udp");
        var socket = (await demo.SeeAsync("the switch's control socket: ")).Split("socket: ")[1];
        await demo.SeeAsync("moving disk1.vf1");
        var cut = await Expether.RunAsync("switch", "fault", "all", "--cut", "--socket", socket);
        var watch = Stopwatch.StartNew();

        var ended = await demo.EndAsync();

        Assert.Equal((0, 1), (cut.Code, ended.Code));
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(45), $"it took {watch.Elapsed}"); // what the demo promises
        Assert.Contains("no frames come from", ended.Json["reason"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.All(ended.Json["pids"]!.AsArray(), pid => Assert.False(Directory.Exists($"/proc/{pid}")));
        Assert.False(Directory.Exists(Path.GetDirectoryName(socket)));
    }

    [Fact]
    public async Task A_daemon_that_dies_ends_it_with_its_name()
    {
        using var demo = Expether.Start("demo", "--embedded", "--json", "--transport", "udp");
        var started = await demo.SeeAsync("started switch (pid ");
        await demo.SeeAsync("all 3 hosts have a link");
        using (var kill = Process.Start("kill", ["-KILL", started.Split("host2 (pid ")[1].Split(')')[0]]))
        {
            await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        var ended = await demo.EndAsync();

        Assert.Equal(1, ended.Code);
        Assert.Contains("host2 (pid", ended.Json["reason"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.All(ended.Json["pids"]!.AsArray(), pid => Assert.False(Directory.Exists($"/proc/{pid}")));
    }

    [Fact]
    public async Task Ctrl_C_leaves_nothing_behind()
    {
        // The pause is what the signal interrupts at the latest, however quick the demo is.
        using var demo = Expether.Start("demo", "--embedded", "--json", "--transport", "udp", "--pause", "600");
        var backing = Backing(await demo.SeeAsync("shared namespace 1: a copy of"));
        await demo.SeeAsync("all 3 hosts have a link");
        demo.Signal("INT");

        var ended = await demo.EndAsync();

        Assert.Equal(130, ended.Code);
        Assert.Equal("interrupted", ended.Json["error"]!["code"]!.GetValue<string>());
        Assert.All(ended.Json["pids"]!.AsArray(), pid => Assert.False(Directory.Exists($"/proc/{pid}")));
        Assert.False(Directory.Exists(Path.GetDirectoryName(backing)));
    }

    [Fact]
    public async Task More_than_a_gibibyte_is_refused_with_the_reason()
    {
        using var folder = new LabFolder();
        var disk = folder.File("large");
        await using (var file = File.Create(disk))
        {
            file.SetLength((1L << 30) + 1);
        }

        var run = await Expether.RunAsync("demo", "--embedded", "--json", "--disk", disk);

        Assert.Equal((2, false, "disk-too-large"), (run.Code, run.Json["ok"]!.GetValue<bool>(), run.Json["error"]!["code"]!.GetValue<string>()));
        Assert.Contains("more than 1 GiB", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task People_get_a_table()
    {
        var run = await Expether.RunAsync("demo", "--embedded", "--transport", "udp");

        Assert.Equal(0, run.Code);
        Assert.Contains("verified", run.Output, StringComparison.Ordinal);
        Assert.Contains("disk1.vf1 moved from host1 (VLAN 101) to host2 (VLAN 102)", run.Output, StringComparison.Ordinal);
        Assert.Contains("3 hosts used one NVMe controller (disk1, 3 virtual functions)", run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1")]
    [InlineData("17")]
    public async Task A_number_of_hosts_that_is_not_possible_is_refused(string hosts)
    {
        var run = await Expether.RunAsync("demo", "--embedded", "--hosts", hosts);

        Assert.Equal(2, run.Code);
        Assert.Contains($"--hosts {hosts}: the demo takes 2 to 16 hosts", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Its_capture_shows_the_swap_that_the_report_tells_of()
    {
        using var folder = new LabFolder();
        var file = folder.File("swap.pcapng");

        var demo = await Expether.RunAsync("demo", "--embedded", "--json", "--transport", "udp", "--hosts", "2", "--capture", file);
        var swap = await Expether.RunAsync("tlp", "swap", file, "--json");
        var page = await Expether.RunAsync("tlp", "swap", file, "--markdown");

        Assert.True(demo.Code == 0, demo.Error);
        var function = demo.Json["hosts"]![0]!["functions"]!.AsArray().Single(f => f!["name"]!.GetValue<string>() == "disk1.vf1")!;
        Assert.Equal(0, swap.Code);
        var steps = swap.Json["steps"]!.AsArray();
        Assert.Equal([1, 2, 4, 5, 4, 6], steps.Select(s => s!["row"]!.GetValue<int>()));
        Assert.Equal((function["hostH"]!.GetValue<string>(), function["hostIo"]!.GetValue<string>()), Field(steps[0]!, "Requester ID"));
        Assert.Equal((function["vfH"]!.GetValue<string>(), function["vfIo"]!.GetValue<string>()), Field(steps[1]!, "Completer ID"));
        Assert.Equal((function["vfH"]!.GetValue<string>(), function["vfIo"]!.GetValue<string>()), Field(steps[2]!, "Requester ID"));
        var (memH, memIo) = Field(steps[0]!, "Address");
        Assert.NotEqual(memH, memIo);
        Assert.All(steps.Skip(2).Where(s => s!["row"]!.GetValue<int>() != 5), step =>
        {
            var (host, device) = Field(step!, "Address");
            Assert.Equal(host, device); // DMA keeps its address
        });
        Assert.Equal(6, page.Output.Split("### Row ").Length - 1);

        static (string Host, string Device) Field(JsonNode step, string name)
        {
            var field = step["fields"]!.AsArray().Single(f => f!["name"]!.GetValue<string>() == name)!;
            return (field["hostSide"]!.GetValue<string>(), field["deviceSide"]!.GetValue<string>());
        }
    }

    private static string Backing(string line) => line.Split("backing file ")[1].Trim();

    private static void SkipUnlessPossible(string transport)
    {
        string[]? probe = transport switch
        {
            "namespaces" => ["unshare", "-n", "ip", "link", "add", "probe0", "type", "veth"],
            "user-namespaces" => ["unshare", "-Urn", "ip", "link", "add", "probe0", "type", "veth"],
            _ => null,
        };
        if (probe is null)
        {
            return;
        }

        try
        {
            using var process = Process.Start(new ProcessStartInfo(probe[0], probe.Skip(1)) { RedirectStandardError = true })!;
            process.WaitForExit();
            if (process.ExitCode != 0)
            {
                Assert.Skip($"network namespaces ({transport}) or veth pairs are not allowed here: {process.StandardError.ReadToEnd().Trim()}");
            }
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip("unshare (util-linux) or ip (iproute2) is missing");
        }
    }
}
