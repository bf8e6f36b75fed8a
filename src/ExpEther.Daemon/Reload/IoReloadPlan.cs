using ExpEther.Daemon.Config;
using ExpEther.Daemon.State;

namespace ExpEther.Daemon.Reload;

/// <summary>
/// What makes one configuration of an I/O box another: a comparison and nothing else. A host is its (VLAN, MAC), as for ownership: one that
/// has others is another host, even of the same name. A device of which anything but <c>readOnly</c> differs is another device.
/// </summary>
public sealed class IoReloadPlan
{
    private readonly ConfigComparison _comparison = new();
    private readonly List<KnownHostConfig> _hostsAdded = [];
    private readonly List<KnownHostConfig> _hostsRemoved = [];
    private readonly List<KnownHostConfig> _hostsChanged = [];
    private readonly List<DeviceConfig> _devicesAdded = [];
    private readonly List<DeviceConfig> _devicesRemoved = [];
    private readonly List<ReadOnlyChange> _readOnly = [];

    private IoReloadPlan(IoConfig before, IoConfig after)
    {
        After = after;
        _comparison.Fix("name", before.Name, after.Name);
        _comparison.Fix("mac", before.Mac, after.Mac);
        _comparison.Fix("stateDirectory", before.StateDirectory ?? StateFolder.Default, after.StateDirectory ?? StateFolder.Default);
        _comparison.Common(before.Port, after.Port, before.Link, after.Link, before.Socket, after.Socket);
        _comparison.Live("releaseTimeoutMs", before.ReleaseTimeout.TotalMilliseconds, after.ReleaseTimeout.TotalMilliseconds);
        CompareHosts(before.Hosts, after.Hosts);
        CompareDevices(before.Devices, after.Devices);
    }

    public IoConfig After { get; }

    public IReadOnlyList<ConfigChange> Changes => _comparison.Changes;

    /// <summary>Changes that only a start can make.</summary>
    public IReadOnlyList<ConfigChange> Fixed => _comparison.Fixed;

    public IReadOnlyList<KnownHostConfig> HostsAdded => _hostsAdded;

    public IReadOnlyList<KnownHostConfig> HostsRemoved => _hostsRemoved;

    /// <summary>Hosts that stay, with another name or key.</summary>
    public IReadOnlyList<KnownHostConfig> HostsChanged => _hostsChanged;

    public IReadOnlyList<DeviceConfig> DevicesAdded => _devicesAdded;

    public IReadOnlyList<DeviceConfig> DevicesRemoved => _devicesRemoved;

    /// <summary>Namespaces of devices that stay.</summary>
    public IReadOnlyList<ReadOnlyChange> ReadOnlyChanges => _readOnly;

    public static IoReloadPlan Between(IoConfig before, IoConfig after) => new(before, after);

    private void CompareHosts(IReadOnlyList<KnownHostConfig> before, IReadOnlyList<KnownHostConfig> after)
    {
        foreach (var host in after)
        {
            if (before.FirstOrDefault(h => (h.Vlan, h.Mac) == (host.Vlan, host.Mac)) is { } was)
            {
                var differs = _comparison.Live($"host.{was.Name}.name", was.Name, host.Name);
                differs |= _comparison.Secret($"host.{host.Name}.key", was.Key, host.Key);
                if (differs)
                {
                    _hostsChanged.Add(host);
                }

                continue;
            }

            _hostsAdded.Add(host);
            if (before.FirstOrDefault(h => h.Name == host.Name) is not { } other || after.Any(h => (h.Vlan, h.Mac) == (other.Vlan, other.Mac)))
            {
                _comparison.Added($"host.{host.Name}", Describe(host));
                continue;
            }

            _comparison.Live($"host.{host.Name}.vlan", other.Vlan, host.Vlan);
            _comparison.Live($"host.{host.Name}.mac", other.Mac, host.Mac);
            _comparison.Secret($"host.{host.Name}.key", other.Key, host.Key);
        }

        foreach (var host in before.Where(h => after.All(a => (a.Vlan, a.Mac) != (h.Vlan, h.Mac))))
        {
            _hostsRemoved.Add(host);
            if (_hostsAdded.All(a => a.Name != host.Name))
            {
                _comparison.Removed($"host.{host.Name}", Describe(host));
            }
        }
    }

    private void CompareDevices(IReadOnlyList<DeviceConfig> before, IReadOnlyList<DeviceConfig> after)
    {
        foreach (var device in after)
        {
            if (before.FirstOrDefault(d => d.Name == device.Name) is not { } was)
            {
                _devicesAdded.Add(device);
                _comparison.Added($"device.{device.Name}", Describe(device));
            }
            else if (DiffersInSubstance(was, device))
            {
                _devicesRemoved.Add(was);
                _devicesAdded.Add(device);
            }
            else
            {
                CompareReadOnly(was, device);
            }
        }

        foreach (var device in before.Where(d => after.All(a => a.Name != d.Name)))
        {
            _devicesRemoved.Add(device);
            _comparison.Removed($"device.{device.Name}", Describe(device));
        }
    }

    private bool DiffersInSubstance(DeviceConfig was, DeviceConfig device)
    {
        var key = $"device.{device.Name}";
        var differs = _comparison.Live($"{key}.serial", was.Serial, device.Serial);
        differs |= _comparison.Live($"{key}.model", was.Model, device.Model);
        differs |= _comparison.Live($"{key}.vfs", was.Vfs, device.Vfs);
        differs |= _comparison.Live($"{key}.queuesPerVf", was.QueuesPerVf, device.QueuesPerVf);
        differs |= _comparison.Live($"{key}.pool", Describe(was.Pool), Describe(device.Pool));
        differs |= _comparison.Live($"{key}.namespace", Describe(was), Describe(device));
        return differs;
    }

    private void CompareReadOnly(DeviceConfig was, DeviceConfig device)
    {
        for (var i = 0; i < device.Namespaces.Count; i++)
        {
            var to = device.Namespaces[i].IsReadOnly;
            if (_comparison.Live(ReadOnlyChange.KeyOf(device.Name, i + 1), was.Namespaces[i].IsReadOnly, to))
            {
                _readOnly.Add(new ReadOnlyChange(device.Name, i + 1, to));
            }
        }
    }

    private static string Describe(KnownHostConfig host) => $"VLAN {host.Vlan}, {host.Mac}";

    private static string Describe(DeviceConfig device) => string.Join(", ", device.Namespaces.Select(Describe));

    private static string Describe(BackingConfig? backing) => backing is null ? "none" : $"{backing.Place} in blocks of {backing.BlockBytes}";
}
