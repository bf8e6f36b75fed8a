using System.Globalization;
using System.Text.Json.Nodes;
using ExpEther.Bench.Lab;
using ExpEther.Bench.Measuring;

namespace ExpEther.Bench.References;

/// <summary>
/// A network block device in memory (nbdkit) over TCP, read by fio through libnbd: no kernel driver in between, which would only slow it. Tried are
/// the server's threads and, for many reads in flight, how many connections share them. fio's batches were tried by hand and made it no faster.
/// </summary>
internal sealed class NbdReference(BenchNetwork network, int depth) : TunedReference(network, isLowerBetter: depth == 1)
{
    private const int Port = 10809;

    private string _fio = "";
    private string _nbdkit = "";
    private Worker? _server;

    protected override string Program => "nbdkit memory, fio over libnbd";

    protected override IReadOnlyList<Setting> Settings { get; } =
    [
        .. from placement in Setting.Placements
           from threads in ServerThreads
           from jobs in depth == 1 ? [1] : Jobs
           select placement with
           {
               Name = $"{placement.Name}, {(threads is { } t ? $"{t} thread{(t == 1 ? "" : "s")}" : "as many threads as it likes")}, connections: {jobs}",
               Extra = [$"--iodepth={depth / jobs}", $"--numjobs={jobs}"],
               ServerExtra = threads is { } number ? ["--threads", Text(number)] : [],
           },
    ];

    /// <summary>nbdkit's own number (16), and no pool at all: with one it answers where it reads, without a hand-over.</summary>
    private static int?[] ServerThreads => [null, 1];

    private static int[] Jobs => [1, 2, 4];

    public override void Dispose() => _server?.Dispose();

    protected override async Task StartAsync(CancellationToken cancel)
    {
        _fio = Tool.Find("fio", "fio");
        _nbdkit = Tool.Find("nbdkit", "nbdkit");
        using var engines = Worker.Start("fio", [_fio, "--enghelp"]);
        if (!(await engines.EndAsync(TimeSpan.FromSeconds(BenchLimits.ReadySeconds), cancel)).Split('\n').Any(line => line.Trim() == "nbd"))
        {
            throw BenchException.Missing("this fio was built without libnbd", "install Debian's fio");
        }
    }

    protected override async Task UseAsync(Setting setting, CancellationToken cancel)
    {
        _server?.Dispose();

        // --exit-with-parent would need the same process above; a closed stdin ends the shell, and its trap the server.
        _server = Worker.Start("nbdkit", setting.Inside(Network, Side.Io,
        [
            "sh", "-c", "\"$@\" & server=$!; read -r end; kill $server; wait $server; exit 0", "nbdkit",
            _nbdkit, "-f", "-i", Cable.AddressOf(Side.Io), "-p", Text(Port), .. setting.ServerExtra,
            "memory", $"{BenchLimits.DiskMebibytes}M",
        ]));
        var deadline = DateTime.UtcNow.AddSeconds(BenchLimits.ReadySeconds);
        while (!await AnswersAsync(cancel))
        {
            if (DateTime.UtcNow > deadline)
            {
                throw new BenchException("nbdkit does not answer", "look at the load of this machine");
            }
        }
    }

    protected override async Task<Sample> RunAsync(Setting setting, int milliseconds, CancellationToken cancel)
    {
        var cpuBefore = CpuTime.MicrosecondsOf(ServerProcesses());
        using var fio = Worker.Start("fio", setting.Inside(Network, Side.Host, [.. Job(milliseconds), .. setting.Extra]));
        var patience = TimeSpan.FromMilliseconds(milliseconds) + TimeSpan.FromSeconds(BenchLimits.OverrunSeconds);
        var output = await fio.EndAsync(patience, cancel);
        var cpu = CpuTime.MicrosecondsOf(ServerProcesses()) - cpuBefore;
        var job = JsonNode.Parse(output[output.IndexOf('{', StringComparison.Ordinal)..])!["jobs"]![0]!;
        var read = job["read"]!;
        cpu += (Number(job["usr_cpu"]) + Number(job["sys_cpu"])) / 100 * Number(job["job_runtime"]) * 1000;
        var operations = Math.Max(Number(read["total_ios"]), 1);
        var latency = read["lat_ns"]!["percentile"]!;
        return depth == 1
            ? new Sample(Number(latency["50.000000"]) / 1000, Number(latency["99.000000"]) / 1000, cpu / operations)
            : new Sample(Number(read["iops"]), null, cpu / operations);
    }

    private string[] Job(int milliseconds) =>
    [
        _fio, "--name=read", "--ioengine=nbd", $"--uri=nbd://{Cable.AddressOf(Side.Io)}:{Port}", "--rw=randread", "--bs=4k",
        $"--size={BenchLimits.DiskMebibytes}M", "--norandommap", "--time_based", $"--runtime={milliseconds}ms", "--lat_percentiles=1", "--thread",
        "--group_reporting", "--output-format=json",
    ];

    private async Task<bool> AnswersAsync(CancellationToken cancel)
    {
        using var probe = Worker.Start("probe", Network.Inside(
            Side.Host, [_fio, "--name=probe", "--ioengine=nbd", $"--uri=nbd://{Cable.AddressOf(Side.Io)}:{Port}", "--rw=read", "--bs=4k", "--size=4k"]));
        try
        {
            _ = await probe.EndAsync(TimeSpan.FromSeconds(BenchLimits.ReadySeconds), cancel);
            return true;
        }
        catch (BenchException)
        {
            return false;
        }
    }

    /// <summary>The shell and its children: the server.</summary>
    private IEnumerable<int> ServerProcesses() =>
        File.ReadAllText($"/proc/{_server!.Id}/task/{_server.Id}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(id => int.Parse(id, CultureInfo.InvariantCulture));

    private static double Number(JsonNode? node) => node!.GetValue<double>();

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
