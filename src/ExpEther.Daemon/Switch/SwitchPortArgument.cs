using System.Net;
using ExpEther.Ethernet.Ports;
using ExpEther.Ethernet.Switch;
using ExpEther.Link.Ethernet;

namespace ExpEther.Daemon.Switch;

/// <summary>
/// One port of <c>expether switch</c> as a user writes it: <c>NAME,packet=INTERFACE</c> or <c>NAME,udp=ADDRESS:PORT[,peer=ADDRESS:PORT]…</c>,
/// then <c>,access=VID</c>, <c>,trunk</c> (all VLANs, the default) or <c>,trunk=VID+VID…</c>.
/// </summary>
public sealed record SwitchPortArgument
{
    /// <summary>Behind a port may be a whole trunk; how many send there is not known.</summary>
    private const int PeersPerPort = 8;

    public required string Name { get; init; }

    /// <summary>Empty for UDP.</summary>
    public string Interface { get; init; } = "";

    public IPEndPoint? Listen { get; init; }

    public IReadOnlyList<IPEndPoint> Peers { get; init; } = [];

    public required SwitchPortMode Mode { get; init; }

    /// <returns>Null and what is wrong with it.</returns>
    public static SwitchPortArgument? Parse(string text, out string mistake)
    {
        var parts = text.Split(',');
        var name = parts[0];
        var at = "";
        IPEndPoint? listen = null;
        var peers = new List<IPEndPoint>();
        SwitchPortMode? mode = null;
        mistake = name.Length == 0 || name.Contains('=', StringComparison.Ordinal) ? "it does not start with a name" : "";
        foreach (var part in parts.Skip(1))
        {
            var (key, value) = part.Split('=', 2) is [var k, var v] ? (k, v) : (part, "");
            var isRight = key switch
            {
                "packet" => (at = value).Length > 0,
                "udp" => TryEndPoint(value, out listen),
                "peer" => TryEndPoint(value, out var peer) && Add(peers, peer!),
                "access" => VlanId.TryParse(value, out var vlan) && (mode = SwitchPortMode.Access(vlan)) is not null,
                "trunk" => TryTrunk(value, out mode),
                _ => false,
            };
            if (!isRight && mistake.Length == 0)
            {
                mistake = $"'{part}' is none of packet=INTERFACE, udp=ADDRESS:PORT, peer=ADDRESS:PORT, access=VID, trunk, "
                    + $"trunk=VID+VID (VID 1 to {VlanId.Max})";
            }
        }

        if (mistake.Length == 0 && (at.Length > 0) == listen is not null)
        {
            mistake = "it needs packet=INTERFACE or udp=ADDRESS:PORT, and not both";
        }

        if (mistake.Length == 0 && peers.Count > 0 && listen is null)
        {
            mistake = "peer= belongs to udp=";
        }

        return mistake.Length > 0
            ? null
            : new SwitchPortArgument { Name = name, Interface = at, Listen = listen, Peers = peers, Mode = mode ?? SwitchPortMode.TrunkOfAll };
    }

    /// <exception cref="PortException">The port cannot be opened.</exception>
    public INetworkPort Open(ushort etherType, int mtuBytes) => Listen is { } listen
        ? new UdpPort(listen, Peers, mtuBytes > 0 ? mtuBytes : UdpPort.DefaultMtuBytes, etherType)
        : new PacketSocketPort(Interface, etherType: etherType, peers: PeersPerPort);

    private static bool Add(List<IPEndPoint> peers, IPEndPoint peer)
    {
        peers.Add(peer);
        return true;
    }

    private static bool TryEndPoint(string text, out IPEndPoint? end) => IPEndPoint.TryParse(text, out end) && text.Contains(':', StringComparison.Ordinal);

    private static bool TryTrunk(string text, out SwitchPortMode? mode)
    {
        mode = null;
        var vlans = new List<VlanId>();
        foreach (var part in text.Split('+', StringSplitOptions.RemoveEmptyEntries))
        {
            if (!VlanId.TryParse(part, out var vlan))
            {
                return false;
            }

            vlans.Add(vlan);
        }

        mode = SwitchPortMode.Trunk(vlans);
        return true;
    }
}
