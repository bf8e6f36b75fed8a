using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;

namespace ExpEther.Cli.Tests.Lab;

/// <summary>An I/O box with two disks in memory and a host, as processes, on UDP over loopback.</summary>
internal sealed class OneMachine : IAsyncDisposable
{
    private const string Key = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

    private readonly LabFolder _folder = new();
    private readonly List<Expether.Running> _daemons = [];
    private readonly IPEndPoint[] _ends = FreeEndPoints();
    private string _moreIo = "";

    public LabFolder Folder => _folder;

    public string Io => _folder.File("io.sock");

    public string Host => _folder.File("host.sock");

    public IReadOnlyList<Expether.Running> Daemons => _daemons;

    /// <param name="moreIo">More for the box's configuration, made in the machine's folder before it starts.</param>
    public static async Task<OneMachine> StartAsync(Func<LabFolder, string>? moreIo = null)
    {
        var machine = new OneMachine();
        machine._moreIo = moreIo?.Invoke(machine._folder) ?? "";
        machine.StartIo();
        machine.StartHost();
        await machine.WaitForLinkAsync();
        return machine;
    }

    public Expether.Running StartIo(params IReadOnlyList<string> options) => Start("io", WriteIo(_moreIo), options);

    /// <param name="config">As <see cref="WriteHost"/> wrote it; null: the usual one.</param>
    public Expether.Running StartHost(string? config = null) => Start("host", config ?? WriteHost(""));

    /// <summary>Writes the box's configuration: the usual one, changed, and with more at its end.</summary>
    /// <returns>The file.</returns>
    public string WriteIo(string more, Func<string, string>? change = null) => Write(
        "io",
        $"""
        name = "box"
        stateDirectory = "state"
        [port]
        kind = "udp"
        listen = "{_ends[0]}"
        peers = ["{_ends[1]}"]
        [[host]]
        name = "host1"
        vlan = 101
        key = "{Key}"
        [[device]]
        name = "disk1"
        [[device.namespace]]
        ramMiB = 8
        [[device]]
        name = "disk2"
        [[device.namespace]]
        ramMiB = 8

        """,
        more, change);

    /// <summary>Writes the host's configuration in the same way.</summary>
    public string WriteHost(string more, Func<string, string>? change = null) => Write(
        "host",
        $"""
        stateDirectory = "state"
        [port]
        kind = "udp"
        listen = "{_ends[1]}"
        peers = ["{_ends[0]}"]
        [[host]]
        name = "host1"
        vlan = 101
        key = "{Key}"
        attentionDelayMs = 10
        [host.embedded]
        memoryMiB = 16

        """,
        more, change);

    /// <summary>SIGKILL to the I/O box, as when its machine loses power, and a new start with the state it left on disk.</summary>
    public async Task RestartIoAsync()
    {
        var box = _daemons[0];
        box.Signal("KILL");
        await box.EndAsync();
        _daemons.Remove(box);
        box.Dispose();
        StartIo();
    }

    /// <summary>Ends the host's daemon in order and starts it again; only after the box's was not restarted.</summary>
    public async Task RestartHostAsync()
    {
        var host = _daemons[1];
        host.Signal("TERM");
        await host.EndAsync();
        _daemons.Remove(host);
        host.Dispose();
        StartHost();
    }

    /// <summary>The I/O box ends as it was asked to.</summary>
    public async Task StopIoAsync()
    {
        var box = _daemons[0];
        box.Signal("TERM");
        await box.EndAsync();
        _daemons.Remove(box);
        box.Dispose();
    }

    public Task<JsonObject> UntilAsync(string socket, string command, Func<JsonObject, bool> condition) =>
        DaemonQuestions.UntilAsync(socket, command, condition, () => Assert.DoesNotContain(_daemons, d => d.HasEnded));

    public Task WaitForLinkAsync() =>
        UntilAsync(Io, "ls", box => box["started"]!.GetValue<bool>() && box["hosts"]![0]!["link"]!.GetValue<string>() == "up");

    public async ValueTask DisposeAsync()
    {
        foreach (var daemon in _daemons)
        {
            if (!daemon.HasEnded)
            {
                daemon.Signal("TERM");
                await daemon.EndAsync();
            }

            daemon.Dispose();
        }

        _folder.Dispose();
    }

    private string Write(string kind, string usual, string more, Func<string, string>? change) =>
        _folder.Write($"{kind}.toml", (change?.Invoke(usual) ?? usual) + more);

    private Expether.Running Start(string kind, string file, params IReadOnlyList<string> options)
    {
        var daemon = Expether.Start([kind, "--config", file, "--socket", _folder.File($"{kind}.sock"), .. options]);
        _daemons.Add(daemon);
        return daemon;
    }

    private static IPEndPoint[] FreeEndPoints()
    {
        using var a = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        using var b = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        a.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        b.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return [(IPEndPoint)a.LocalEndPoint!, (IPEndPoint)b.LocalEndPoint!];
    }
}
