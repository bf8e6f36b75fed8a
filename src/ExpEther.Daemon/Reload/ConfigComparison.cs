using System.Globalization;
using ExpEther.Daemon.Config;

namespace ExpEther.Daemon.Reload;

/// <summary>Collects what differs between two configurations, apart into what can change at run time and what cannot.</summary>
internal sealed class ConfigComparison
{
    private readonly List<ConfigChange> _changes = [];
    private readonly List<ConfigChange> _fixed = [];

    /// <summary>Can be made while the daemon runs.</summary>
    public IReadOnlyList<ConfigChange> Changes => _changes;

    /// <summary>Takes effect only at a start.</summary>
    public IReadOnlyList<ConfigChange> Fixed => _fixed;

    /// <returns>True when it differs.</returns>
    public bool Live<T>(string key, T before, T after) => Add(_changes, key, before, after);

    public bool Fix<T>(string key, T before, T after) => Add(_fixed, key, before, after);

    /// <summary>A key's value is never shown.</summary>
    public bool Secret(string key, byte[] before, byte[] after)
    {
        var differs = !before.AsSpan().SequenceEqual(after);
        if (differs)
        {
            _changes.Add(new ConfigChange(key, null, null));
        }

        return differs;
    }

    public void Added(string key, string what) => _changes.Add(new ConfigChange(key, null, what));

    public void Removed(string key, string what) => _changes.Add(new ConfigChange(key, what, null));

    /// <summary>What both daemons have: <c>[port]</c>, <c>[link]</c>, <c>socket</c>.</summary>
    public void Common(PortConfig port, PortConfig portAfter, LinkConfig link, LinkConfig linkAfter, string? socket, string? socketAfter)
    {
        Fix("socket", socket ?? "default", socketAfter ?? "default");
        Fix("port.kind", port.Kind, portAfter.Kind);
        Fix("port.interface", port.Interface, portAfter.Interface);
        Fix("port.listen", port.Listen, portAfter.Listen);
        Fix("port.etherType", $"0x{port.EtherType:x4}", $"0x{portAfter.EtherType:x4}");
        Fix("port.mtu", MtuText(port), MtuText(portAfter));
        Live("port.peers", string.Join(", ", port.Peers), string.Join(", ", portAfter.Peers));
        Fix("link.seal", link.Sealed ? "on" : "off", linkAfter.Sealed ? "on" : "off");
        Live("link.linkDeadSeconds", link.LinkDead.TotalSeconds, linkAfter.LinkDead.TotalSeconds);
        Live("link.pathSilentMs", link.PathSilent.TotalMilliseconds, linkAfter.PathSilent.TotalMilliseconds);
    }

    public static string Text<T>(T value) => value switch
    {
        null => "none",
        bool flag => flag ? "true" : "false",
        string { Length: 0 } => "none",
        Enum word => word.ToString().ToLowerInvariant(),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString()!,
    };

    private static string MtuText(PortConfig port) => port.MtuBytes == 0 ? "default" : Text(port.MtuBytes);

    private static bool Add<T>(List<ConfigChange> to, string key, T before, T after)
    {
        var differs = !EqualityComparer<T>.Default.Equals(before, after);
        if (differs)
        {
            to.Add(new ConfigChange(key, Text(before), Text(after)));
        }

        return differs;
    }
}
