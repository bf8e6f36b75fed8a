using System.Globalization;
using System.Reflection;
using System.Text.Json.Nodes;
using ExpEther.Bench.Lab;
using ExpEther.Bench.Measuring;

namespace ExpEther.Bench.References;

/// <summary>bench/echo.c: two C processes that spin on the same kind of socket.</summary>
internal sealed class EchoReference(BenchNetwork network, string folder) : IContender
{
    private string _program = "";

    public string Name => "C echo, packet sockets, both ends spinning";

    public async Task PrepareAsync(int milliseconds, CancellationToken cancel)
    {
        var compiler = Tool.Find("gcc", "gcc");
        var source = Path.Combine(folder, "echo.c");
        _program = Path.Combine(folder, "echo");
        await using (var text = Assembly.GetExecutingAssembly().GetManifestResourceStream("echo.c")!)
        await using (var file = File.Create(source))
        {
            await text.CopyToAsync(file, cancel);
        }

        using (var compile = Worker.Start("gcc", [compiler, "-O2", "-o", _program, source]))
        {
            _ = await compile.EndAsync(TimeSpan.FromSeconds(BenchLimits.ReadySeconds), cancel);
        }

        _ = await RunAsync(milliseconds, cancel);
    }

    public async Task<Sample> RunAsync(int milliseconds, CancellationToken cancel)
    {
        using var server = Worker.Start("echo server", network.Inside(Side.Io, BenchNetwork.CoreOf(Side.Io), [_program, "server", Cable.Reference]));
        _ = await server.LineAsync(TimeSpan.FromSeconds(BenchLimits.ReadySeconds), cancel);
        using var client = Worker.Start("echo client", network.Inside(
            Side.Host, BenchNetwork.CoreOf(Side.Host),
            [_program, "client", Cable.Reference, Text(BenchLimits.EchoBytes), Text(milliseconds)]));
        var patience = TimeSpan.FromMilliseconds(milliseconds) + TimeSpan.FromSeconds(BenchLimits.OverrunSeconds);
        var asked = JsonNode.Parse(await client.EndAsync(patience, cancel))!;
        server.CloseInput();
        var answered = JsonNode.Parse(await server.EndAsync(patience, cancel))!;
        var operations = asked["operations"]!.GetValue<long>();
        var cpu = asked["cpuNanoseconds"]!.GetValue<long>() + answered["cpuNanoseconds"]!.GetValue<long>();
        return new Sample(asked["p50"]!.GetValue<long>() / 1000.0, asked["p99"]!.GetValue<long>() / 1000.0, cpu / 1000.0 / operations);
    }

    public void Dispose()
    {
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
