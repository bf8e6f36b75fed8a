using ExpEther.Daemon.Config;
using ExpEther.Daemon.State;

namespace ExpEther.Daemon.Reload;

/// <summary>
/// What makes one configuration of a host daemon another: a comparison and nothing else. A host of another name, VLAN or MAC is another
/// host; its slots and its memory are as they were when it came.
/// </summary>
public sealed class HostReloadPlan
{
    private readonly ConfigComparison _comparison = new();
    private readonly List<HostBridgeConfig> _added = [];
    private readonly List<HostBridgeConfig> _removed = [];
    private readonly List<HostBridgeConfig> _kept = [];

    private HostReloadPlan(HostConfig before, HostConfig after)
    {
        // A name that the file does not give is the first host's at the start, and stays.
        After = after.IsNamed ? after : after with { Name = before.Name };
        _comparison.Fix("name", before.Name, After.Name);
        _comparison.Common(before.Port, after.Port, before.Link, after.Link, before.Socket, after.Socket);
        _comparison.Fix("stateDirectory", before.StateDirectory ?? StateFolder.Default, after.StateDirectory ?? StateFolder.Default);
        foreach (var host in after.Hosts)
        {
            if (before.Hosts.FirstOrDefault(h => IsSame(h, host)) is { } was)
            {
                _kept.Add(host);
                Compare(was, host);
                continue;
            }

            _added.Add(host);
            if (before.Hosts.FirstOrDefault(h => h.Name == host.Name) is { } other)
            {
                _comparison.Live($"host.{host.Name}.vlan", other.Vlan, host.Vlan);
                _comparison.Live($"host.{host.Name}.mac", other.Mac, host.Mac);
                Compare(other, host);
            }
            else
            {
                _comparison.Added($"host.{host.Name}", Describe(host));
            }
        }

        foreach (var host in before.Hosts.Where(h => !after.Hosts.Any(a => IsSame(a, h))))
        {
            _removed.Add(host);
            if (after.Hosts.All(a => a.Name != host.Name))
            {
                _comparison.Removed($"host.{host.Name}", Describe(host));
            }
        }
    }

    public HostConfig After { get; }

    public IReadOnlyList<ConfigChange> Changes => _comparison.Changes;

    /// <summary>Changes that only a start can make.</summary>
    public IReadOnlyList<ConfigChange> Fixed => _comparison.Fixed;

    public IReadOnlyList<HostBridgeConfig> Added => _added;

    public IReadOnlyList<HostBridgeConfig> Removed => _removed;

    /// <summary>Hosts that stay, as they are to be.</summary>
    public IReadOnlyList<HostBridgeConfig> Kept => _kept;

    public static HostReloadPlan Between(HostConfig before, HostConfig after) => new(before, after);

    private static bool IsSame(HostBridgeConfig a, HostBridgeConfig b) => (a.Name, a.Vlan, a.Mac) == (b.Name, b.Vlan, b.Mac);

    private void Compare(HostBridgeConfig was, HostBridgeConfig host)
    {
        var key = $"host.{host.Name}";
        _comparison.Secret($"{key}.key", was.Key, host.Key);
        _comparison.Live($"{key}.attentionDelayMs", was.AttentionDelay.TotalMilliseconds, host.AttentionDelay.TotalMilliseconds);
        _comparison.Live($"{key}.completionTimeoutMs", was.CompletionTimeout.TotalMilliseconds, host.CompletionTimeout.TotalMilliseconds);
        _comparison.Fix($"{key}.slots", was.Slots, host.Slots);
        _comparison.Fix($"{key}.embedded.memoryMiB", was.Embedded.MemoryBytes >> 20, host.Embedded.MemoryBytes >> 20);
        _comparison.Fix($"{key}.embedded.memoryBase", $"0x{was.Embedded.MemoryBase:x}", $"0x{host.Embedded.MemoryBase:x}");
        _comparison.Fix($"{key}.qemu", DescribeQemu(was.Qemu), DescribeQemu(host.Qemu));
    }

    private static string DescribeQemu(QemuConfig? qemu) => qemu is null
        ? "none"
        : $"sockets {qemu.Sockets ?? "by default"}, qmp {(qemu.HasQmp ? qemu.Qmp ?? "by default" : "none")}, ports {string.Join(' ', qemu.Ports)}, "
            + $"interrupts {qemu.Interrupts}, {qemu.Owner}:{qemu.Group} {qemu.Mode}, unplugTimeoutMs {qemu.UnplugTimeout.TotalMilliseconds}, "
            + $"migration {qemu.Migration}";

    private static string Describe(HostBridgeConfig host) => $"VLAN {host.Vlan}, {host.Mac}";
}
