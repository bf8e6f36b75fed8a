using System.Text.Json.Nodes;
using ExpEther.Bench.Lab;
using ExpEther.Bench.Measuring;

namespace ExpEther.Bench.References;

/// <summary>iperf3 over TCP, from the I/O side to the host side: as fast as bytes get across this cable with the kernel's segmentation.</summary>
internal sealed class IperfReference(BenchNetwork network) : TunedReference(network, isLowerBetter: false)
{
    private string _iperf = "";

    protected override string Program => "iperf3 TCP";

    protected override IReadOnlyList<Setting> Settings { get; } =
        [.. Setting.Placements.SelectMany(s => new[] { s, s with { Name = $"{s.Name}, zero-copy", Extra = ["--zerocopy"] } })];

    public override void Dispose()
    {
    }

    protected override Task StartAsync(CancellationToken cancel)
    {
        _iperf = Tool.Find("iperf3", "iperf3");
        return Task.CompletedTask;
    }

    protected override Task UseAsync(Setting setting, CancellationToken cancel) => Task.CompletedTask;

    protected override async Task<Sample> RunAsync(Setting setting, int milliseconds, CancellationToken cancel)
    {
        using var server = Worker.Start("iperf3 server", setting.Inside(Network, Side.Io, [_iperf, "--server", "--one-off", "--forceflush"]));
        while (!(await server.LineAsync(TimeSpan.FromSeconds(BenchLimits.ReadySeconds), cancel)).Contains("listening", StringComparison.Ordinal))
        {
        }

        // Whole seconds is what it takes.
        var seconds = Math.Max((milliseconds + 500) / 1000, 1);
        using var client = Worker.Start("iperf3 client", setting.Inside(
            Network, Side.Host,
            [_iperf, "--client", Cable.AddressOf(Side.Io), "--reverse", "--time", $"{seconds}", "--length", "1M", "--json", .. setting.Extra]));
        var end = JsonNode.Parse(await client.EndAsync(TimeSpan.FromSeconds(seconds + BenchLimits.OverrunSeconds), cancel))!["end"]!;
        var received = end["sum_received"]!;
        var bytes = received["bytes"]!.GetValue<double>();
        var percent = end["cpu_utilization_percent"]!;
        var time = received["seconds"]!.GetValue<double>();
        var cpu = (percent["host_total"]!.GetValue<double>() + percent["remote_total"]!.GetValue<double>()) / 100 * time * 1e6;
        return new Sample(bytes / time / 1e6, null, cpu / (bytes / BenchSuite.BulkBytes));
    }
}
