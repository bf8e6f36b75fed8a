using System.Text.Json.Nodes;
using ExpEther.Cli.Guests;
using ExpEther.Cli.Output;
using ExpEther.Cli.Tests.Soak;
using ExpEther.Cli.Wiring;
using ExpEther.Lab.Tests.Lab;

namespace ExpEther.Lab.Tests.Faults;

/// <summary>A function comes and goes in one guest, again and again, while the others work.</summary>
public sealed class PlugCycleTests
{
    private const int Cycles = 50;
    private const int CyclesBefore = 5;

    /// <summary>The managed heap's and QEMU's translated code's leeway: a leak of 1 MiB in each cycle is more.</summary>
    private const long PrivateKibMore = 48 << 10;

    /// <summary>
    /// After so many bytes of garbage, in hexadecimal, the daemons collect it. Else they do so after as much as the processor's cache holds, which differs from
    /// machine to machine and hides what is kept.
    /// </summary>
    private const string GarbageBytesMax = "800000";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Fifty_cycles_leak_nothing_and_disturb_nobody()
    {
        Environment.SetEnvironmentVariable("DOTNET_GCgen0size", GarbageBytesMax);
        await using var lab = await GuestLab.UpAsync(3);
        Environment.SetEnvironmentVariable("DOTNET_GCgen0size", null);
        var function = lab.FunctionOf("guest1");
        var data = new FlushedData(lab);
        await data.WriteAsync("guest1");
        VerifiedWork[] others = [new(lab, "guest2"), new(lab, "guest3")];
        foreach (var other in others)
        {
            await other.StartAsync();
        }

        var processes = (await lab.StatusAsync()).Objects("processes").ToDictionary(p => p.Cell("name"), p => p["pid"]!.GetValue<int>());
        string[] watched = ["guest1", "guest1-host", "io"];
        var before = new Dictionary<string, Footprint>();
        using var shell = await GuestShell.ConnectAsync("guest1", Path.Combine(lab.Dir, "guest1", "shell.sock"), Cancel);
        for (var cycle = 0; cycle < CyclesBefore + Cycles; cycle++)
        {
            if (cycle == CyclesBefore)
            {
                before = watched.ToDictionary(name => name, name => Footprint.Of(processes[name]));
            }

            // By the calls that `detach` and `attach` make: two processes in each cycle would take longer than the cycle.
            await CallAsync("detach", new JsonObject { ["function"] = function });
            var none = await GuestDisks.AllAsync(shell, Cancel);
            Assert.Empty(none);
            await CallAsync("attach", new JsonObject { ["function"] = function, ["host"] = "guest1" });
            await GuestDisks.NewAsync(shell, none, "guest1", Cancel);
        }

        shell.Dispose();
        foreach (var name in watched)
        {
            // By its number: QEMU and the daemons are those of the beginning.
            var (was, now) = (before[name], Footprint.Of(processes[name]));
            TestContext.Current.SendDiagnosticMessage($"{name}: {was} -> {now}");
            Assert.True(now.Descriptors <= was.Descriptors, $"{name}: {was} -> {now}");
            Assert.True(now.Threads <= was.Threads, $"{name}: {was} -> {now}");
            Assert.True(now.PrivateKib <= was.PrivateKib + PrivateKibMore, $"{name}: {was} -> {now}");
        }

        await data.CheckAsync("guest1");
        foreach (var other in others)
        {
            await other.EndCleanAsync();
        }

        Task<JsonObject> CallAsync(string command, JsonObject arguments) => DaemonCalls.CallAsync(lab.Io, command, command, arguments, Cancel);
    }
}
