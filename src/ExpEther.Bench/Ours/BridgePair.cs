using System.Text.Json.Nodes;
using ExpEther.Bench.Lab;
using ExpEther.Bench.Measuring;

namespace ExpEther.Bench.Ours;

/// <summary>An I/O box with a disk in memory and a host, as a user starts them.</summary>
internal sealed class BridgePair(
    BenchNetwork network, string folder, bool isSealed, string command, JsonObject arguments, Func<JsonObject, Sample> read)
    : OurPair(network, folder, isSealed, command, arguments, read)
{
    private const string Key = "8f1d5a0c6b3e47928d0f4a7be6c19253a4d8e7f60b1c2d3e4f5061728394a5b6";

    protected override async Task StartAsync(CancellationToken cancel)
    {
        var common = $"""
            [port]
            interface = "{Interface}"
            [link]
            seal = "{(IsSealed ? "on" : "off")}"
            [[host]]
            name = "bench"
            vlan = 101
            key = "{Key}"

            """;
        var state = FileOf("state");
        Write("io.toml", $"""
            name = "box"
            stateDirectory = "{state}"
            {common}
            [[device]]
            name = "disk"
            [[device.namespace]]
            ramMiB = {BenchLimits.DiskMebibytes}
            """);
        Write("host.toml", $"stateDirectory = \"{state}\"\n{common}");
        await StartAsync(Side.Io, ["io", "--config", FileOf("io.toml")], cancel);
        await StartAsync(Side.Host, ["host", "--config", FileOf("host.toml")], cancel);
        await UntilAsync(
            SocketOf(Side.Io), "ls",
            box => box["started"]!.GetValue<bool>() && box["hosts"]![0]!["link"]!.GetValue<string>() == "up", cancel);
        _ = await CallAsync(SocketOf(Side.Io), "attach", new JsonObject { ["function"] = "disk", ["host"] = "bench" }, cancel);
        _ = await CallAsync(LoadSocket, "nvme.wait", new JsonObject { ["disk"] = "disk" }, cancel);
    }

    /// <summary>A key is in it, so it is the owner's only.</summary>
    private void Write(string name, string text)
    {
        using var file = new StreamWriter(FileOf(name), new FileStreamOptions
        {
            Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        file.Write(text);
    }
}
