using ExpEther.Backends;
using ExpEther.Bridge.Io.Changes;
using ExpEther.Daemon.Config;
using ExpEther.Daemon.Ports;
using ExpEther.Daemon.Reload;
using ExpEther.Ethernet.Ports;
using ExpEther.Link.Ethernet;

namespace ExpEther.Daemon.Io;

/// <summary>Another configuration for an I/O box that runs, with the files of its new devices open.</summary>
internal sealed class IoStagedReload : IStagedReload
{
    private readonly IoReloadPlan _plan;
    private readonly IoBox _box;
    private readonly List<NvmeDevice> _opened = [];
    private readonly List<NvmeDevice> _closing = [];
    private readonly List<ReloadRefusal> _refusals;
    private PreparedChange? _prepared;
    private bool _isWidened;

    /// <summary>Off the owner's thread: it opens files. What cannot be opened is a refusal.</summary>
    public IoStagedReload(IoBox box, IoReloadPlan plan, IEventSink events)
    {
        _box = box;
        _plan = plan;
        _refusals = [.. plan.Fixed.Select(ReloadRefusal.OfFixed), .. PortReception.RefusalsOfPeers(plan.After.Port)];
        if (_refusals.Count > 0)
        {
            return;
        }

        _refusals.AddRange(plan.DevicesAdded.SelectMany(FilesStillServed));
        foreach (var device in _refusals.Count == 0 ? plan.DevicesAdded : [])
        {
            try
            {
                _opened.Add(box.Devices.Open(device, plan.After.Name, events));
            }
            catch (BackendException e)
            {
                _refusals.Add(new ReloadRefusal($"device.{device.Name}", e.Message, "see that the file can be served, or leave the device out"));
            }
        }
    }

    public IReadOnlyList<ConfigChange> Changes => _plan.Changes;

    public IReadOnlyList<ReloadRefusal> Refusals() =>
    [
        .. _refusals,
        .. _plan.ReadOnlyChanges.Where(c => !c.IsReadOnly && !_box.Devices.Get(c.Device).CanBeWritten(c.Namespace)).Select(c => new ReloadRefusal(
            c.Key, "its file was opened for reading only", $"release {c.Device}, and remove and add it in two reloads; or {ReloadRefusal.Restart}")),
        .. RefusalsOfDescriptors(),
        .. (_prepared?.Refusals() ?? _box.Bridge.Refusals(ChangeOf())).Select(r => new ReloadRefusal($"{r.Kind}.{r.Name}", r.What, r.Remedy)),
    ];

    public async Task PrepareAsync()
    {
        _prepared = await _box.Bridge.PrepareAsync(ChangeOf());
        try
        {
            _isWidened = true;
            PortReception.Widen(_box.Port, [_plan.After.Mac], VlansOf(_box.Config), VlansOf(_plan.After));
        }
        catch (PortException e)
        {
            _refusals.Add(new ReloadRefusal("port", e.Message, "see the message"));
        }
    }

    public void Commit()
    {
        _prepared!.Commit();
        foreach (var change in _plan.ReadOnlyChanges)
        {
            Check.That(_box.Devices.Get(change.Device).SetNamespaceReadOnly((uint)change.Namespace, change.IsReadOnly));
        }

        foreach (var removed in _plan.DevicesRemoved)
        {
            var device = _box.Devices.Take(removed.Name);
            foreach (var descriptor in device.PollFileDescriptors)
            {
                _box.Loop.Unwatch(descriptor);
            }

            _closing.Add(device);
        }

        foreach (var device in _opened)
        {
            _box.Devices.Add(device);
            foreach (var descriptor in device.PollFileDescriptors)
            {
                _box.Loop.Watch(descriptor);
            }
        }

        PortReception.Narrow(_box.Port, [_plan.After.Mac], VlansOf(_plan.After));
        PortReception.ChangePeers(_box.Port, _plan.After.Port);
        _box.Config = _plan.After;
    }

    public void Abandon()
    {
        _prepared?.Abandon();
        _closing.AddRange(_opened);
        if (_isWidened)
        {
            PortReception.Narrow(_box.Port, [_box.Config.Mac], VlansOf(_box.Config));
        }
    }

    public void Clean() => _closing.ForEach(device => device.Dispose());

    private static VlanId[] VlansOf(IoConfig config) => [.. config.Hosts.Select(h => h.Vlan).Distinct()];

    /// <summary>Two devices cannot have a file open at once, also not for the moment in which one takes the other's place.</summary>
    private IEnumerable<ReloadRefusal> FilesStillServed(DeviceConfig added) =>
        from file in added.Files
        from device in _box.Config.Devices
        where device.Files.Contains(file)
        select new ReloadRefusal(
            $"device.{added.Name}", $"{file} is served by {device.Name} now", $"remove {device.Name} in one reload, and add {added.Name} in the next");

    private IEnumerable<ReloadRefusal> RefusalsOfDescriptors()
    {
        if (!_box.Loop.HasRoomToWatch(_opened.Sum(d => d.PollFileDescriptors.Count())))
        {
            yield return new ReloadRefusal(
                $"device.{_opened[0].Config.Name}", "there are too many files for one daemon", "remove devices first, or run a second daemon");
        }
    }

    private IoBridgeChange ChangeOf() => new()
    {
        HostsAdded = [.. _plan.HostsAdded.Select(IoBox.OptionsOf)],
        HostsRemoved = [.. _plan.HostsRemoved.Select(IoBox.OptionsOf)],
        HostsChanged = [.. _plan.HostsChanged.Select(IoBox.OptionsOf)],
        DevicesAdded = [.. _opened.Select(d => (d.Config.Name, d.OnBus))],
        VirtualFunctions = _opened.Where(d => d.Config.Vfs > 0).ToDictionary(d => d.Config.Name, d => d.Config.Vfs),
        DevicesRemoved = [.. _plan.DevicesRemoved.Select(d => d.Name)],
        LinkDead = _plan.After.Link.LinkDead,
        PathSilent = _plan.After.Link.PathSilent,
        ReleaseTimeout = _plan.After.ReleaseTimeout,
    };
}
