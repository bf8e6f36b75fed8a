using System.Globalization;

namespace ExpEther.Cli.Tests.Soak;

/// <summary>What a process holds (proc_pid_status(5)).</summary>
/// <param name="ResidentKib">Memory.</param>
/// <param name="PrivateKib">Of it what is nobody else's: without what a guest has touched of its own.</param>
/// <param name="Threads">Of the process.</param>
/// <param name="Descriptors">Open ones.</param>
internal sealed record Footprint(long ResidentKib, long PrivateKib, int Threads, int Descriptors)
{
    public static Footprint Of(int process)
    {
        var status = File.ReadAllLines($"/proc/{process}/status");
        return new Footprint(
            Kib(status, "VmRSS:"),
            Kib(status, "RssAnon:"),
            int.Parse(Field(status, "Threads:"), CultureInfo.InvariantCulture),
            Directory.GetFiles($"/proc/{process}/fd").Length);
    }

    private static long Kib(string[] status, string name) => long.Parse(Field(status, name).Split(' ')[0], CultureInfo.InvariantCulture);

    private static string Field(string[] status, string name) =>
        status.First(line => line.StartsWith(name, StringComparison.Ordinal))[name.Length..].Trim();
}
