using System.Net;
using System.Net.Sockets;

namespace ExpEther.Cli.Wiring;

/// <summary>How one transport joins the I/O box and the hosts to the switch: what each daemon writes in its <c>[port]</c>, and the switch's ports.</summary>
internal sealed class LabWiring
{
    private readonly IPEndPoint[] _free;

    private LabWiring(LabTransport transport, int mtuBytes, IPEndPoint[] free)
    {
        Transport = transport;
        MtuBytes = mtuBytes;
        _free = free;
    }

    public int MtuBytes { get; }

    public LabTransport Transport { get; }

    public bool UsesNamespaces => Transport != LabTransport.Udp;

    /// <summary>What the switch's shell runs under.</summary>
    public IReadOnlyList<string> SwitchPrefix => Transport switch
    {
        LabTransport.Namespaces => ["unshare", "-n", "--"],
        LabTransport.UserNamespaces => ["unshare", "-U", "-r", "-n", "--"],
        _ => [],
    };

    public static LabWiring Of(LabTransport transport, int nodes, int mtuBytes) =>
        new(transport, mtuBytes, transport == LabTransport.Udp ? FreeEndPoints(2 * nodes) : []);

    /// <summary>What another daemon's shell runs under: a network namespace of its own that the switch's user namespace owns.</summary>
    public IReadOnlyList<string> NodePrefix(int switchPid) => UsesNamespaces ? [.. Enter(switchPid, network: false), "unshare", "-n", "--"] : [];

    /// <summary>What a program runs under that is to be where a process is.</summary>
    public IReadOnlyList<string> InsideOf(int pid) => UsesNamespaces ? Enter(pid, network: true) : [];

    /// <summary>Makes the cables: one veth pair per node, one end in the switch's namespace under the node's name, the other its eth0.</summary>
    public async Task ConnectAsync(int switchPid, IReadOnlyList<(string Name, int Pid)> nodes, CancellationToken cancel)
    {
        if (UsesNamespaces)
        {
            var commands = string.Concat(
                nodes.Select(n => $"link add {n.Name} mtu {MtuBytes} type veth peer name eth0 mtu {MtuBytes} netns {n.Pid}\nlink set {n.Name} up\n"));
            await LabProcess.RunAsync([.. Enter(switchPid, network: true), "ip", "-batch", "-"], commands, cancel);
        }
    }

    /// <summary>What a node's shell does before it becomes the daemon.</summary>
    public string NodeSetUp => UsesNamespaces ? "ip link set eth0 up || exit 71;" : "";

    /// <summary>The <c>[port]</c> table of a node.</summary>
    public string PortTable(int node) => UsesNamespaces
        ? "kind = \"packet\"\ninterface = \"eth0\""
        : $"kind = \"udp\"\nmtu = {MtuBytes}\nlisten = \"{_free[2 * node]}\"\npeers = [\"{_free[(2 * node) + 1]}\"]";

    /// <summary>The switch's port for a node.</summary>
    public string SwitchPort(int node, string name, string mode) => UsesNamespaces
        ? $"{name},packet={name},{mode}"
        : $"{name},udp={_free[(2 * node) + 1]},peer={_free[2 * node]},{mode}";

    private string[] Enter(int pid, bool network) => (Transport, network) switch
    {
        (LabTransport.Namespaces, true) => ["nsenter", "-t", $"{pid}", "-n", "--"],
        (LabTransport.Namespaces, false) => [],
        (_, true) => ["nsenter", "-t", $"{pid}", "-U", "--preserve-credentials", "-n", "--"],
        _ => ["nsenter", "-t", $"{pid}", "-U", "--preserve-credentials", "--"],
    };

    /// <summary>UDP end points on loopback that nobody uses now.</summary>
    public static IPEndPoint[] FreeEndPoints(int count)
    {
        var sockets = Enumerable.Range(0, count).Select(_ => new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp)).ToArray();
        foreach (var socket in sockets)
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        }

        var found = sockets.Select(s => (IPEndPoint)s.LocalEndPoint!).ToArray();
        foreach (var socket in sockets)
        {
            socket.Dispose();
        }

        return found;
    }
}
