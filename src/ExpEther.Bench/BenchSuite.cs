using System.Text.Json.Nodes;
using ExpEther.Bench.Lab;
using ExpEther.Bench.Measuring;
using ExpEther.Bench.Ours;
using ExpEther.Bench.References;

namespace ExpEther.Bench;

/// <summary>
/// The benches: each compares a part of the path with what a user would have instead, in the same run and by turns, so that what the
/// machine does meanwhile hits both.
/// </summary>
public static class BenchSuite
{
    /// <summary>One command of the bulk bench; processor time there is told per so many bytes.</summary>
    internal const int BulkBytes = 128 << 10;

    private const int BulkDepth = 32;

    public static IReadOnlyList<string> Names { get; } = ["echo", "mmio", "nvme-qd1", "nvme-qd32", "dma-bulk", "capture"];

    /// <summary>Runs one bench. What this machine lacks makes it a skipped one.</summary>
    /// <param name="name">Of <see cref="Names"/>.</param>
    /// <param name="options">How long, how often.</param>
    /// <param name="progress">Told what it is at.</param>
    /// <param name="cancel">Ends it; nothing is left behind.</param>
    /// <exception cref="BenchException">Something failed that should have worked.</exception>
    public static async Task<BenchResult> RunAsync(string name, BenchOptions options, Action<string> progress, CancellationToken cancel)
    {
        var result = Describe(name);
        var folder = Directory.CreateTempSubdirectory("expether-bench-").FullName;
        try
        {
            progress($"{name}: making the cables, MTU {options.MtuBytes}");
            using var network = await BenchNetwork.MakeAsync(options.MtuBytes, cancel);
            using var reference = ReferenceOf(name, network, folder);
            using var ours = reference is BridgePair uncaptured ? new CapturedPair(uncaptured) : OursOf(name, network, folder, isSealed: false);
            using var sealedOurs = reference is BridgePair ? null : OursOf(name, network, folder, isSealed: true);
            foreach (var contender in new[] { reference, ours, sealedOurs }.OfType<IContender>())
            {
                progress($"{name}: preparing {contender.Name}");
                await contender.PrepareAsync(options.Milliseconds, cancel);
            }

            result.ReferenceName = reference.Name;
            for (var pair = 1; pair <= options.Pairs; pair++)
            {
                result.Ours.Add(await ours.RunAsync(options.Milliseconds, cancel));
                result.Reference.Add(await reference.RunAsync(options.Milliseconds, cancel));
                if (sealedOurs is not null)
                {
                    result.Sealed.Add(await sealedOurs.RunAsync(options.Milliseconds, cancel));
                }

                progress(FormattableString.Invariant(
                    $"{name}: pair {pair} of {options.Pairs}, ratio so far {result.Ratio:0.00}"));
            }
        }
        catch (BenchException e) when (e.IsSkip)
        {
            result.Skipped = e;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        return result;
    }

    private static BenchResult Describe(string name) => name switch
    {
        "echo" => new(name, "µs", new Goal(1.15, IsUpperBound: true)),
        "mmio" => new(name, "µs", new Goal(2, IsUpperBound: true)),
        "nvme-qd1" => new(name, "µs", new Goal(1, IsUpperBound: true)),
        "nvme-qd32" => new(name, "IOPS", new Goal(1, IsUpperBound: false)),
        "capture" => new(name, "IOPS", new Goal(0.5, IsUpperBound: false)),
        _ => new(name, "MB/s", new Goal(0.5, IsUpperBound: false)),
    };

    private static IContender ReferenceOf(string name, BenchNetwork network, string folder) => name switch
    {
        "echo" or "mmio" => new EchoReference(network, folder),
        "nvme-qd1" => new NbdReference(network, 1),
        "nvme-qd32" => new NbdReference(network, 32),
        "capture" => (BridgePair)OursOf("nvme-qd32", network, folder, isSealed: false),
        _ => new IperfReference(network),
    };

    private static IContender OursOf(string name, BenchNetwork network, string folder, bool isSealed) => name switch
    {
        "echo" => new EchoPair(network, folder, isSealed, Latency),
        "mmio" => new BridgePair(network, folder, isSealed, "mmio.load", [], Latency),
        "nvme-qd1" => new BridgePair(network, folder, isSealed, "nvme.load", [], Latency),
        "nvme-qd32" => new BridgePair(network, folder, isSealed, "nvme.load", new JsonObject { ["depth"] = 32 }, Rate),
        _ => new BridgePair(
            network, folder, isSealed, "nvme.load", new JsonObject { ["depth"] = BulkDepth, ["blockBytes"] = BulkBytes }, Throughput),
    };

    private static Sample Latency(JsonObject report) => new(
        report["latency"]!["p50"]!.GetValue<long>() / 1000.0, report["latency"]!["p99"]!.GetValue<long>() / 1000.0, 0);

    private static Sample Rate(JsonObject report) => new(report["operations"]!.GetValue<long>() / SecondsOf(report), null, 0);

    private static Sample Throughput(JsonObject report) => new(report["bytes"]!.GetValue<long>() / SecondsOf(report) / 1e6, null, 0);

    private static double SecondsOf(JsonObject report) => report["elapsedNanoseconds"]!.GetValue<long>() / 1e9;
}
