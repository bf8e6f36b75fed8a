using System.Globalization;

namespace ExpEther.Bench.Lab;

/// <summary>
/// Two network namespaces joined by veth cables, gone with their holders. Each side's processes stay on one core of their own where the machine
/// has two, so that neither side moves about while it is measured.
/// </summary>
internal sealed class BenchNetwork : IDisposable
{
    private readonly Worker _host;
    private readonly Worker _io;

    private BenchNetwork(Worker host, Worker io)
    {
        _host = host;
        _io = io;
    }

    /// <summary>The core of a side.</summary>
    public static int CoreOf(Side side) => side == Side.Host || Environment.ProcessorCount == 1 ? 0 : 1;

    /// <exception cref="BenchException">Namespaces cannot be made here.</exception>
    public static async Task<BenchNetwork> MakeAsync(int mtuBytes, CancellationToken cancel)
    {
        var ip = Tool.Find("ip", "iproute2");
        _ = Tool.Find("nsenter", "util-linux");
        _ = Tool.Find("taskset", "util-linux");
        if (!Environment.IsPrivilegedProcess)
        {
            throw BenchException.Missing("network namespaces with packet sockets need root", "run it as root (sudo), or inside `unshare -Ur`");
        }

        var host = Hold("host side");
        var io = Hold("I/O side");
        var network = new BenchNetwork(host, io);
        try
        {
            foreach (var holder in new[] { host, io })
            {
                _ = await holder.LineAsync(TimeSpan.FromSeconds(BenchLimits.ReadySeconds), cancel);
            }

            foreach (var cable in Cable.All)
            {
                var mtu = mtuBytes.ToString(CultureInfo.InvariantCulture);
                await RunAsync(network.Inside(
                    Side.Host, [ip, "link", "add", cable, "mtu", mtu, "type", "veth", "peer", "name", cable, "mtu", mtu, "netns", $"{io.Id}"]), cancel);
            }

            foreach (var side in new[] { Side.Host, Side.Io })
            {
                await RunAsync(network.Inside(side, [ip, "addr", "add", $"{Cable.AddressOf(side)}/24", "dev", Cable.Reference]), cancel);
                foreach (var cable in Cable.All)
                {
                    await RunAsync(network.Inside(side, [ip, "link", "set", cable, "up"]), cancel);
                }
            }

            return network;
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    /// <summary>A command in a side's namespace, wherever the scheduler puts it.</summary>
    public IReadOnlyList<string> Inside(Side side, IReadOnlyList<string> command) =>
        ["nsenter", "-t", $"{(side == Side.Host ? _host : _io).Id}", "-n", "--", .. command];

    /// <summary>A command in a side's namespace, on one core.</summary>
    public IReadOnlyList<string> Inside(Side side, int core, IReadOnlyList<string> command) =>
        Inside(side, ["taskset", "-c", $"{core}", .. command]);

    public void Dispose()
    {
        _host.Dispose();
        _io.Dispose();
    }

    // The namespace lives as long as its holder, which ends when our end of its stdin does, even if we are killed.
    private static Worker Hold(string name) => Worker.Start(name, ["unshare", "-n", "--", "sh", "-c", "echo here; read -r end"]);

    private static async Task RunAsync(IReadOnlyList<string> command, CancellationToken cancel)
    {
        using var run = Worker.Start(command[^1], command);
        _ = await run.EndAsync(TimeSpan.FromSeconds(BenchLimits.ReadySeconds), cancel);
    }
}
