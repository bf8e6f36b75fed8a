using System.Text.Json.Nodes;
using ExpEther.Core.Time;

namespace ExpEther.Daemon.Load;

/// <summary>What a load came to, as JSON: times in nanoseconds.</summary>
public static class LoadReport
{
    public static JsonObject Of(LatencyHistogram latencies, Instant from, Instant to) => new()
    {
        ["operations"] = latencies.Count,
        ["elapsedNanoseconds"] = to.Nanoseconds - from.Nanoseconds,
        ["latency"] = new JsonObject
        {
            ["mean"] = Math.Round(latencies.MeanNanoseconds, 1),
            ["p50"] = latencies.Percentile(0.5),
            ["p99"] = latencies.Percentile(0.99),
            ["p999"] = latencies.Percentile(0.999),
            ["max"] = latencies.MaxNanoseconds,
        },
    };
}
