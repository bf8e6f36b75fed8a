using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using ExpEther.Cli.Tests.Lab;
using ExpEther.Daemon.Control;

namespace ExpEther.Cli.Tests.Soak;

/// <summary>
/// Both daemons at work for a while: plugged and unplugged, read, written and verified, asked and disturbed, over and over. What they hold at the end
/// is what they held when they were warm. EXPETHER_SOAK_MINUTES says how long (`make soak`: ten); half a minute otherwise.
/// </summary>
public class SoakTests
{
    private const int DataBytes = 1 << 20;

    /// <summary>The host's memory, of which a page counts once it was used, and as much for the garbage collector and the JIT to move in.</summary>
    private const long ResidentKibMax = 32 << 10;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Memory_descriptors_and_threads_stay_what_they_are()
    {
        var minutes = double.Parse(Environment.GetEnvironmentVariable("EXPETHER_SOAK_MINUTES") ?? "0.5", CultureInfo.InvariantCulture);
        await using var machine = await OneMachine.StartAsync();
        var clock = Stopwatch.StartNew();
        var warm = TimeSpan.FromMinutes(minutes / 3);
        Footprint[]? before = null;
        var cycles = 0;
        while (clock.Elapsed < TimeSpan.FromMinutes(minutes))
        {
            await CycleAsync(machine, cycles++);
            if (before is null && clock.Elapsed > warm)
            {
                before = Look(machine);
            }
        }

        var after = await LookWhenIdleAsync(machine, before!);
        TestContext.Current.SendDiagnosticMessage(
            $"{cycles} cycles in {clock.Elapsed.TotalSeconds:0} s: {string.Join("; ", before!.Zip(after, (b, a) => $"{b} -> {a}"))}");
        foreach (var (was, now) in before!.Zip(after))
        {
            Assert.True(now.Descriptors <= was.Descriptors, $"descriptors: {was} -> {now} in {cycles} cycles");

            // The runtime's own threads may end; none may be added.
            Assert.True(now.Threads <= was.Threads, $"threads: {was} -> {now} in {cycles} cycles");
            Assert.True(now.ResidentKib <= was.ResidentKib + ResidentKibMax, $"memory: {was} -> {now} in {cycles} cycles");
        }
    }

    /// <summary>A daemon closes what a client has left at its next look at its control socket: until then there is a descriptor more.</summary>
    private static async Task<Footprint[]> LookWhenIdleAsync(OneMachine machine, Footprint[] before)
    {
        for (var questions = 0; questions < 100 && Look(machine).Zip(before).Any(pair => pair.First.Descriptors > pair.Second.Descriptors); questions++)
        {
            await CallAsync(machine.Io, "ls");
            await CallAsync(machine.Host, "ls");
        }

        return Look(machine);
    }

    private static Footprint[] Look(OneMachine machine) => [.. machine.Daemons.Select(d => Footprint.Of(d.Id))];

    private static async Task CycleAsync(OneMachine machine, int cycle)
    {
        var data = new byte[DataBytes];
        new Random(cycle).NextBytes(data);
        await CallAsync(machine.Io, "attach", new JsonObject { ["function"] = "disk1", ["host"] = "host1" });
        await CallAsync(machine.Host, "nvme.wait", new JsonObject { ["disk"] = "disk1" });
        await CallAsync(machine.Host, "nvme.write", Range(), upload: new MemoryStream(data));
        await CallAsync(machine.Host, "nvme.load", new JsonObject { ["disk"] = "disk1", ["depth"] = 16, ["milliseconds"] = 200, ["seed"] = cycle });
        await CallAsync(machine.Host, "mmio.load", new JsonObject { ["disk"] = "disk1", ["milliseconds"] = 50 });
        using var read = new MemoryStream();
        await CallAsync(machine.Host, "nvme.read", Range(), onData: piece => read.WriteAsync(piece, Cancel));
        Assert.Equal(data, read.ToArray());
        await CallAsync(machine.Io, "ls");
        await CallAsync(machine.Io, "stats");
        await CallAsync(machine.Host, "tree");
        await CallAsync(machine.Io, "detach", new JsonObject { ["function"] = "disk1", ["force"] = cycle % 4 == 3 });

        // A forced one is a surprise to the host, which needs a moment to be rid of it.
        await machine.UntilAsync(machine.Host, "ls", host => host["hosts"]![0]!["slots"]![0]!["state"]!.GetValue<string>() == "empty");
    }

    private static JsonObject Range() => new() { ["disk"] = "disk1", ["bytes"] = DataBytes };

    private static async Task CallAsync(
        string socket, string command, JsonObject? arguments = null, Func<ReadOnlyMemory<byte>, ValueTask>? onData = null, Stream? upload = null)
    {
        using var client = await ControlClient.ConnectAsync(socket, Cancel);
        await client.CallAsync(command, arguments, onData: onData, upload: upload, cancel: Cancel);
    }
}
