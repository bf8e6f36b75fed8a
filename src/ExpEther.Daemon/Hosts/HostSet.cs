using ExpEther.Daemon.Control;
using ExpEther.Link.Taps;
using ExpEther.Nvme.Driver;

namespace ExpEther.Daemon.Hosts;

/// <summary>The hosts of one daemon, and how a user's words name their disks.</summary>
internal sealed class HostSet
{
    private readonly List<DaemonHost> _hosts = [];

    public IReadOnlyList<DaemonHost> All => _hosts;

    /// <summary>That of every bridge, those still to come included.</summary>
    public ITlpTap? Tap
    {
        get;
        set
        {
            field = value;
            _hosts.ForEach(h => h.Bridge.Tap = value);
        }
    }

    public void Add(DaemonHost host)
    {
        host.Bridge.Tap = Tap;
        _hosts.Add(host);
    }

    public void Remove(DaemonHost host) => Check.That(_hosts.Remove(host));

    /// <summary>The hosts meant: the named one, or all.</summary>
    public ControlReply? Find(string? host, out IReadOnlyList<DaemonHost> found)
    {
        found = host is null ? All : [.. All.Where(h => h.Config.Name == host)];
        return found.Count > 0
            ? null
            : ControlReply.Fail(
                ControlErrorCode.NoSuchHost, $"this daemon has no host '{host}'", $"it has: {string.Join(", ", All.Select(h => h.Config.Name))}");
    }

    /// <summary>The embedded hosts meant: a guest's disks are the guest's own.</summary>
    public ControlReply? FindEmbedded(string? host, out IReadOnlyList<EmbeddedHost> found)
    {
        var mistake = Find(host, out var among);
        found = [.. among.OfType<EmbeddedHost>()];
        return mistake ?? (found.Count > 0
            ? null
            : ControlReply.Fail(
                ControlErrorCode.NoSuchHost, host is null ? "the hosts of this daemon are guests" : $"host '{host}' is a guest",
                "use its disks from inside it"));
    }

    /// <summary>The disk meant: by name, or the only one there is.</summary>
    public async Task<(ControlReply? Mistake, NvmeDisk? Disk)> FindAsync(string? host, string? disk)
    {
        if (FindEmbedded(host, out var among) is { } noHost)
        {
            return (noHost, null);
        }

        foreach (var one in among)
        {
            await one.SettleAsync(disk);
        }

        var disks = among.SelectMany(h => disk is null ? h.Driver.Disks : h.FindDisks(disk)).ToList();
        if (disks.Count == 1)
        {
            return (null, disks[0]);
        }

        var there = string.Join(", ", among.SelectMany(h => h.Driver.Disks.Select(d => Describe(h, d))));
        var mistake = disks.Count == 0
            ? ControlReply.Fail(
                ControlErrorCode.NoSuchDisk,
                disk is null ? "there is no disk" : $"there is no disk '{disk}'",
                there.Length > 0 ? $"there are: {there}" : "attach one at its I/O box: expether attach FUNCTION HOST")
            : ControlReply.Fail(
                ControlErrorCode.NoSuchDisk,
                disk is null ? "there are several disks" : $"several disks are named '{disk}'",
                $"name one of: {string.Join(", ", among.SelectMany(h => h.Driver.Disks.Where(disks.Contains).Select(d => ByDriver(h, d))))}; "
                + "with --host when hosts have equal names");
        return (mistake, null);
    }

    private static string ByDriver(EmbeddedHost host, NvmeDisk disk) => host.SlotOf(disk)?.Function is { } function
        ? $"{disk.Name} ({function.Name} of box {function.BoxName}, at {host.Config.Name})"
        : $"{disk.Name} of {host.Config.Name}";

    private static string Describe(EmbeddedHost host, NvmeDisk disk) =>
        host.SlotOf(disk)?.Function is { } function ? $"{function.Name} ({disk.Name} of {host.Config.Name})" : $"{disk.Name} of {host.Config.Name}";
}
