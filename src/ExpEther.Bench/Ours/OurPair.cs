using System.Reflection;
using System.Text.Json.Nodes;
using ExpEther.Bench.Lab;
using ExpEther.Bench.Measuring;
using ExpEther.Daemon.Control;

namespace ExpEther.Bench.Ours;

/// <summary>Two of our processes, one on each side of a cable, and the load that one of them makes on the other.</summary>
internal abstract class OurPair(BenchNetwork network, string folder, bool isSealed, string command, JsonObject arguments, Func<JsonObject, Sample> read)
    : IContender
{
    private readonly List<Worker> _workers = [];

    public string Name => isSealed ? "ExpEther, sealed" : "ExpEther";

    /// <summary>Control sockets of both processes.</summary>
    public IEnumerable<string> Sockets => [SocketOf(Side.Io), SocketOf(Side.Host)];

    protected bool IsSealed => isSealed;

    protected string Interface => isSealed ? Cable.Sealed : Cable.Unsealed;

    /// <summary>Control socket of the process that makes the load.</summary>
    protected string LoadSocket => SocketOf(Side.Host);

    public async Task PrepareAsync(int milliseconds, CancellationToken cancel)
    {
        await StartAsync(cancel);
        _ = await RunAsync(milliseconds * BenchLimits.WarmUpRuns, cancel);
    }

    public async Task<Sample> RunAsync(int milliseconds, CancellationToken cancel)
    {
        var call = arguments.DeepClone().AsObject();
        call["milliseconds"] = milliseconds;
        var before = CpuTime.MicrosecondsOf(_workers.Select(w => w.Id));
        var report = await CallAsync(LoadSocket, command, call, cancel);
        var cpu = CpuTime.MicrosecondsOf(_workers.Select(w => w.Id)) - before;
        var sample = read(report);
        return sample with { CpuMicroseconds = cpu / Math.Max(report["operations"]!.GetValue<long>(), 1) };
    }

    public void Dispose()
    {
        _workers.ForEach(w => w.CloseInput());
        _workers.ForEach(w => w.Dispose());
    }

    /// <summary>Starts both processes and waits until the load can be made.</summary>
    protected abstract Task StartAsync(CancellationToken cancel);

    protected string SocketOf(Side side) => Path.Combine(folder, $"{(isSealed ? "sealed" : "unsealed")}-{side}.sock");

    protected string FileOf(string name) => Path.Combine(folder, $"{(isSealed ? "sealed" : "unsealed")}-{name}");

    /// <summary>Starts one, and waits until it says that it is ready.</summary>
    protected async Task StartAsync(Side side, IReadOnlyList<string> expether, CancellationToken cancel)
    {
        var worker = Worker.Start(
            expether[0], network.Inside(side, BenchNetwork.CoreOf(side), [.. Self, .. expether, "--socket", SocketOf(side), "--exit-with-stdin", "--json"]));
        _workers.Add(worker);
        _ = await worker.LineAsync(TimeSpan.FromSeconds(BenchLimits.ReadySeconds), cancel);
    }

    /// <summary>Asks until the answer is right.</summary>
    protected static async Task UntilAsync(string socket, string command, Func<JsonObject, bool> isRight, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(BenchLimits.ReadySeconds));
        try
        {
            while (!isRight(await CallAsync(socket, command, null, limit.Token)))
            {
                await Task.Delay(BenchLimits.AskAgainMilliseconds, limit.Token);
            }
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new BenchException($"no link came up within {BenchLimits.ReadySeconds} s", "look at the load of this machine");
        }
    }

    protected static async Task<JsonObject> CallAsync(string socket, string command, JsonObject? arguments, CancellationToken cancel)
    {
        try
        {
            using var client = await ControlClient.ConnectAsync(socket, cancel);
            return await client.CallAsync(command, arguments, cancel: cancel);
        }
        catch (ControlException e)
        {
            throw new BenchException(e.Error.Message, e.Error.Remedy);
        }
    }

    /// <summary>How this program was started: by its own executable, or by dotnet.</summary>
    private static IEnumerable<string> Self
    {
        get
        {
            var program = Environment.ProcessPath!;
            return Path.GetFileNameWithoutExtension(program) == "dotnet" ? [program, Assembly.GetEntryAssembly()!.Location] : [program];
        }
    }
}
