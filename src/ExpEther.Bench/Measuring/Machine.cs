using System.Runtime.InteropServices;
using System.Text.Json.Nodes;

namespace ExpEther.Bench.Measuring;

/// <summary>What the figures were taken on.</summary>
public static class Machine
{
    public static string Processor => File.Exists("/proc/cpuinfo")
        ? File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':', 2)[1].Trim() ?? "unknown"
        : "unknown";

    /// <summary>Runnable threads over the last minute, before our own: figures taken on a busy machine are worth little.</summary>
    public static double Load { get; } = ReadLoad();

    public static JsonObject ToJson() => new()
    {
        ["processor"] = Processor,
        ["cores"] = Environment.ProcessorCount,
        ["kernel"] = Environment.OSVersion.Version.ToString(),
        ["runtime"] = RuntimeInformation.FrameworkDescription,
        ["loadBefore"] = Load,
    };

    private static double ReadLoad() => double.TryParse(
        File.Exists("/proc/loadavg") ? File.ReadAllText("/proc/loadavg").Split(' ')[0] : "", System.Globalization.CultureInfo.InvariantCulture, out var load)
        ? load
        : 0;
}
