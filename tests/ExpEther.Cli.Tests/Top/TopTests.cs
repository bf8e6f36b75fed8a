using System.Text.Json.Nodes;
using ExpEther.Cli.Tests.Lab;

namespace ExpEther.Cli.Tests.Top;

public class TopTests
{
    [Fact]
    public async Task Stats_answers_for_a_daemon_that_is_stopped_and_says_how_old_the_numbers_are()
    {
        await using var machine = await OneMachine.StartAsync();
        var io = machine.Daemons[0];
        io.Signal("STOP");
        try
        {
            var stats = await Expether.RunAsync("stats", "--socket", machine.Io, "--json");
            while (!stats.Error.Contains($"process {io.Id} is stopped", StringComparison.Ordinal))
            {
                Assert.Equal(0, stats.Code);
                stats = await Expether.RunAsync("stats", "--socket", machine.Io, "--json");
            }

            Assert.Equal(("io", "box", io.Id), (Text(stats.Json, "kind"), Text(stats.Json, "name"), stats.Json["page"]!["pid"]!.GetValue<int>()));
            Assert.True(stats.Json["links"]![0]!["framesSent"]!.GetValue<long>() > 0);
        }
        finally
        {
            io.Signal("CONT");
        }
    }

    [Fact]
    public async Task Stats_from_the_page_has_the_shape_of_the_daemons_own_answer()
    {
        await using var machine = await OneMachine.StartAsync();
        await Expether.RunAsync("attach", "disk1", "host1", "--socket", machine.Io);
        await machine.UntilAsync(machine.Host, "ls", host => host["hosts"]![0]!["slots"]![0]!["disk"] is not null);

        foreach (var socket in new[] { machine.Io, machine.Host })
        {
            var asked = await machine.UntilAsync(socket, "stats", _ => true);
            var read = (await Expether.RunAsync("stats", "--socket", socket, "--json")).Json;
            Assert.True(read.Remove("page"));
            Assert.Equal(Shape(asked), Shape(read));
        }
    }

    [Fact]
    public async Task Top_shows_where_the_time_of_working_daemons_goes()
    {
        await using var machine = await OneMachine.StartAsync();
        await Expether.RunAsync("attach", "disk1", "host1", "--socket", machine.Io);
        await machine.UntilAsync(machine.Host, "ls", host => host["hosts"]![0]!["slots"]![0]!["disk"] is not null);
        using var enough = new CancellationTokenSource();
        var load = Task.Run(
            async () =>
            {
                using var client = await Daemon.Control.ControlClient.ConnectAsync(machine.Host, enough.Token);
                while (!enough.IsCancellationRequested)
                {
                    await client.CallAsync("nvme.read", new JsonObject { ["disk"] = "disk1" }, onData: _ => ValueTask.CompletedTask, cancel: enough.Token);
                }
            },
            TestContext.Current.CancellationToken);
        try
        {
            await UntilSharesAsync(machine.Io, daemon => Share(daemon, "link") > 0 && Share(daemon, "bridge") > 0 && Share(daemon, "device") > 0
                && daemon["devices"]![0]!["readsPerSecond"]!.GetValue<double>() > 0
                && daemon["functions"]![0]!["bytesToHostPerSecond"]!.GetValue<double>() > 0);
            await UntilSharesAsync(machine.Host, daemon => Share(daemon, "link") > 0 && Share(daemon, "bridge") > 0 && Share(daemon, "attachment") > 0
                && Text(daemon["slots"]![0]!, "function") == "disk1" && daemon["slots"]![0]!["dmaWriteBytesPerSecond"]!.GetValue<double>() > 0);
        }
        finally
        {
            await enough.CancelAsync();
            await load.ContinueWith(_ => { }, TestContext.Current.CancellationToken, TaskContinuationOptions.None, TaskScheduler.Default);
        }
    }

    [Theory]
    [InlineData("--interval", "99", 2)]
    [InlineData("--count", "0", 2)]
    [InlineData("--socket", "/nowhere/io.sock", 3)]
    public async Task What_cannot_be_watched_is_refused(string option, string value, int code)
    {
        var run = await Expether.RunAsync("top", option, value, "--json");

        Assert.Equal(code, run.Code);
        Assert.NotEmpty(run.Json["error"]!["remedy"]!.GetValue<string>());
    }

    private static async Task UntilSharesAsync(string socket, Func<JsonNode, bool> isSeen)
    {
        while (true)
        {
            var run = await Expether.RunAsync("top", "--socket", socket, "--json", "--count", "2", "--interval", "300");
            Assert.Equal(0, run.Code);
            var lines = run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
            Assert.Equal(2, lines.Length);
            var daemons = lines.Select(line => JsonNode.Parse(line)!["daemons"]![0]!).ToList();
            Assert.All(daemons.Where(d => d["seconds"]!.GetValue<double>() > 0), d => Assert.Equal(1.0, d["shares"]!.AsObject().Sum(s => (double)s.Value!), 6));
            if (daemons.Exists(d => isSeen(d)))
            {
                return;
            }
        }
    }

    private static double Share(JsonNode daemon, string stage) => daemon["shares"]![stage]?.GetValue<double>() ?? 0;

    private static string Text(JsonNode node, string name) => node[name]?.GetValue<string>() ?? "";

    /// <summary>All names, without the values.</summary>
    private static string Shape(JsonNode? node) => node switch
    {
        JsonObject branch => $"{{{string.Join(",", branch.Select(pair => $"{pair.Key}:{Shape(pair.Value)}"))}}}",
        JsonArray list => $"[{string.Join(",", list.Select(Shape))}]",
        _ => "",
    };
}
