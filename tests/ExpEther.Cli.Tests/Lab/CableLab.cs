using System.Text.Json.Nodes;
using ExpEther.Cli.Wiring;

namespace ExpEther.Cli.Tests.Lab;

/// <summary>
/// An I/O box with a disk in memory and a host, each a process in a network namespace of its own, with real interfaces between them: joined by
/// <c>expether switch</c> in a third namespace, or by a router there.
/// </summary>
internal sealed class CableLab : IAsyncDisposable
{
    private const string Key = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

    private readonly LabFolder _folder = new();
    private readonly List<LabProcess> _processes = [];

    private CableLab()
    {
    }

    public string Io => _folder.File("io.sock");

    public string Host => _folder.File("host.sock");

    private string Switch => _folder.File("switch.sock");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <param name="linkDeadSeconds">Of both daemons.</param>
    /// <param name="mtuBytes">Of the interfaces of box and host.</param>
    /// <param name="switchMtuBytes">Of the switch's interfaces.</param>
    public static async Task<CableLab> OverSwitchAsync(int linkDeadSeconds = 20, int mtuBytes = 1500, int switchMtuBytes = 1500)
    {
        var lab = new CableLab();
        const string Port = "interface = \"eth0\"";
        const string Up = "ip link set eth0 up || exit 71;";
        var middle = lab.Daemon(
            "switch", "ip link set box up && ip link set host up || exit 71;", "--port", "box,packet=box", "--port", "host,packet=host,trunk=101");
        var box = lab.Daemon("io", Up, "--config", lab.IoConfig(Port, linkDeadSeconds));
        var host = lab.Daemon("host", Up, "--config", lab.HostConfig(Port, linkDeadSeconds));
        await lab.StartAsync(async () =>
        {
            await lab.CableAsync(box, "eth0", mtuBytes, middle, "box", switchMtuBytes);
            await lab.CableAsync(host, "eth0", mtuBytes, middle, "host", switchMtuBytes);
        });
        return lab;
    }

    /// <summary>UDP through a router; the box's cable carries 1500 bytes of IP, the host's fewer.</summary>
    /// <param name="isIPv6">The family of all addresses.</param>
    /// <param name="farMtuBytes">Of the host's cable, at the router; the host's own interface does not know of it.</param>
    public static async Task<CableLab> OverRouterAsync(bool isIPv6, int farMtuBytes)
    {
        var lab = new CableLab();
        var (net, length, end) = isIPv6 ? ("fd00::{0}:{1}", 112, "[fd00::{0}:{1}]:4790") : ("10.0.{0}.{1}", 24, "10.0.{0}.{1}:4790");
        var nodad = isIPv6 ? "nodad" : "";
        string Address(int side, int node) => string.Format(null, net, side, node);
        string End(int side) => string.Format(null, end, side, 1);
        string Up(int side) =>
            $"ip link set eth0 up && ip addr add {Address(side, 1)}/{length} dev eth0 {nodad} && ip route add default via {Address(side, 2)} || exit 71;";
        string Port(int side) => $"kind = \"udp\"\nlisten = \"{End(side)}\"\npeers = [\"{End(3 - side)}\"]";
        var router = lab.Add(LabProcess.Start("router", ["unshare", "-n", "--"], "", ["cat"], lab.FolderPath));
        var box = lab.Daemon("io", Up(1), "--config", lab.IoConfig(Port(1), 20));
        var host = lab.Daemon("host", Up(2), "--config", lab.HostConfig(Port(2), 20));
        await lab.StartAsync(async () =>
        {
            await lab.CableAsync(box, "eth0", 1500, router, "near", 1500);
            await lab.CableAsync(host, "eth0", 1500, router, "far", farMtuBytes);
            var forwarding = isIPv6 ? "ipv6/conf/all/forwarding" : "ipv4/ip_forward";
            await InAsync(
                router, "sh", "-c",
                $"ip link set near up && ip link set far up && ip addr add {Address(1, 2)}/{length} dev near {nodad} && "
                + $"ip addr add {Address(2, 2)}/{length} dev far {nodad} && echo 1 > /proc/sys/net/{forwarding}");
        });
        return lab;
    }

    /// <summary>Gives the disk to the host, and waits until the host can use it.</summary>
    public async Task AttachAsync()
    {
        Assert.Equal(0, (await Expether.RunAsync("attach", "disk1", "host1", "--socket", Io)).Code);
        await UntilAsync(Host, "ls", host => Slot(host)["disk"] is not null);
    }

    public Task<JsonObject> UntilAsync(string socket, string command, Func<JsonObject, bool> condition) =>
        DaemonQuestions.UntilAsync(socket, command, condition, () => Assert.DoesNotContain(_processes, p => p.HasEnded));

    public static JsonObject Slot(JsonObject host) => host["hosts"]![0]!["slots"]![0]!.AsObject();

    /// <summary>The host's side of the link.</summary>
    public static JsonObject Link(JsonObject host) => host["hosts"]![0]!["boxes"]![0]!.AsObject();

    /// <summary>The box's side of the link.</summary>
    public static JsonObject LinkOfBox(JsonObject box) => box["hosts"]![0]!.AsObject();

    /// <summary>All cables of the switch.</summary>
    public async Task CutAsync() => Assert.Equal(0, (await Expether.RunAsync("switch", "fault", "all", "--cut", "--socket", Switch)).Code);

    public async Task HealAsync() => Assert.Equal(0, (await Expether.RunAsync("switch", "fault", "all", "--heal", "--socket", Switch)).Code);

    /// <summary>What a user types on the host's machine.</summary>
    public Task OnHostAsync(params string[] command) => InAsync(_processes.Single(p => p.Name == "host"), command);

    public string Write(string name, byte[] data)
    {
        File.WriteAllBytes(_folder.File(name), data);
        return _folder.File(name);
    }

    /// <summary>What a daemon said so far.</summary>
    public string Log(string daemon) => File.ReadAllText(_folder.File($"{daemon}.log"));

    public ValueTask DisposeAsync()
    {
        _processes.ForEach(p => p.AskToStop());
        _processes.ForEach(p => p.Dispose());
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    private string FolderPath => Path.GetDirectoryName(_folder.File("x"))!;

    private LabProcess Add(LabProcess process)
    {
        _processes.Add(process);
        return process;
    }

    private LabProcess Daemon(string kind, string before, params IEnumerable<string> arguments) => Add(LabProcess.Start(
        kind, ["unshare", "-n", "--"], before,
        [.. Expether.Command, kind, .. arguments, "--socket", _folder.File($"{kind}.sock"), "--exit-with-stdin"], FolderPath));

    private async Task StartAsync(Func<Task> connect)
    {
        foreach (var process in _processes)
        {
            await process.HereAsync(Cancel);
        }

        await connect();
        var daemons = _processes.Where(p => p.Name != "router").ToArray();
        foreach (var daemon in daemons)
        {
            await daemon.GoAsync(Cancel);
        }

        foreach (var daemon in daemons)
        {
            await daemon.ReadyAsync(Cancel);
        }

        await UntilAsync(Io, "ls", box => box["started"]!.GetValue<bool>() && LinkOfBox(box)["link"]!.GetValue<string>() == "up");
    }

    private Task CableAsync(LabProcess one, string name, int mtuBytes, LabProcess other, string otherName, int otherMtuBytes) => LabProcess.RunAsync(
        [
            "ip", "link", "add", name, "mtu", $"{mtuBytes}", "netns", $"{one.Id}", "type", "veth",
            "peer", "name", otherName, "mtu", $"{otherMtuBytes}", "netns", $"{other.Id}",
        ],
        "", Cancel);

    private static Task InAsync(LabProcess where, params string[] command) =>
        LabProcess.RunAsync(["nsenter", "-t", $"{where.Id}", "-n", "--", .. command], "", Cancel);

    private string IoConfig(string port, int linkDeadSeconds) => _folder.Write(
        "io.toml",
        $"""
        name = "box"
        stateDirectory = "{_folder.File("state")}"
        [port]
        {port}
        [link]
        linkDeadSeconds = {linkDeadSeconds}
        [[host]]
        name = "host1"
        vlan = 101
        key = "{Key}"
        [[device]]
        name = "disk1"
        [[device.namespace]]
        ramMiB = 32
        """);

    private string HostConfig(string port, int linkDeadSeconds) => _folder.Write(
        "host.toml",
        $"""
        stateDirectory = "{_folder.File("state")}"
        [port]
        {port}
        [link]
        linkDeadSeconds = {linkDeadSeconds}
        [[host]]
        name = "host1"
        vlan = 101
        key = "{Key}"
        attentionDelayMs = 10
        """);
}
