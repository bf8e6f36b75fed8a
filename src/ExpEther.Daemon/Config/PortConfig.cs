using System.Net;
using ExpEther.Link;

namespace ExpEther.Daemon.Config;

/// <summary>The <c>[port]</c> table.</summary>
public sealed record PortConfig
{
    public PortKind Kind { get; init; }

    /// <summary>For <see cref="PortKind.Packet"/>.</summary>
    public string Interface { get; init; } = "";

    /// <summary>For <see cref="PortKind.Udp"/>.</summary>
    public IPEndPoint Listen { get; init; } = new(IPAddress.Any, UdpPortDefault);

    /// <summary>For <see cref="PortKind.Udp"/>: who gets broadcasts, and frames to MACs not heard of yet.</summary>
    public IReadOnlyList<IPEndPoint> Peers { get; init; } = [];

    public ushort EtherType { get; init; } = LinkLimits.EtherTypeDefault;

    /// <summary>0: what the interface carries; 1500 over UDP.</summary>
    public int MtuBytes { get; init; }

    internal const int UdpPortDefault = 4790;

    internal static PortConfig Read(ConfigSection section)
    {
        var isUdp = section.Choice("kind", "packet", "packet", "udp") == "udp";
        var at = section.Text("interface", "", 15)!;
        var listen = EndPoint(section, "listen", section.Text("listen", null, 64)) ?? new IPEndPoint(IPAddress.Any, UdpPortDefault);
        var peers = new List<IPEndPoint>();
        foreach (var text in section.Texts("peers", ConfigLimits.PeersMax))
        {
            if (EndPoint(section, "peers", text) is { } peer)
            {
                peers.Add(peer);
            }
        }

        if (isUdp && section.Has("interface"))
        {
            section.Wrong("interface", "belongs to kind = \"packet\"", "remove it, or write kind = \"packet\"");
        }

        if (!isUdp)
        {
            foreach (var key in (ReadOnlySpan<string>)["listen", "peers"])
            {
                if (section.Has(key))
                {
                    section.Wrong(key, "belongs to kind = \"udp\"", "remove it, or write kind = \"udp\"");
                }
            }

            if (at.Length == 0)
            {
                section.Missing("interface", "add [port] interface = \"eth0\", or kind = \"udp\" with listen = \"ADDRESS:PORT\"");
            }
        }

        return new PortConfig
        {
            Kind = isUdp ? PortKind.Udp : PortKind.Packet,
            Interface = at,
            Listen = listen,
            Peers = peers,
            EtherType = section.Number<ushort>("etherType", 0x0600, 0xFFFF, LinkLimits.EtherTypeDefault),
            MtuBytes = section.Number("mtu", ConfigLimits.MtuBytesMin, ConfigLimits.MtuBytesMax, 0, "bytes", hasDefault: false),
        };
    }

    private static IPEndPoint? EndPoint(ConfigSection section, string key, string? text)
    {
        if (text is null)
        {
            return null;
        }

        if (IPEndPoint.TryParse(text, out var end) && text.Contains(':', StringComparison.Ordinal)
            && (end.Port != 0 || text.EndsWith(":0", StringComparison.Ordinal)))
        {
            return end;
        }

        section.Wrong(key, $"\"{text}\" is not an address and a port", "write for example \"192.0.2.1:4790\" or \"[2001:db8::1]:4790\"");
        return null;
    }
}
