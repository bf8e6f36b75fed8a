using System.Text;
using ExpEther.Bridge.Io.Changes;
using ExpEther.Bridge.Io.Devices;
using ExpEther.Bridge.Io.Functions;
using ExpEther.Bridge.Io.Namespaces;
using ExpEther.Bridge.Io.Ownership;
using ExpEther.Bridge.Io.Physical;
using ExpEther.Bridge.Io.Sequences;
using ExpEther.Bridge.Io.Sessions;
using ExpEther.Bridge.Io.Status;
using ExpEther.Bridge.Io.Traffic;
using ExpEther.Bridge.Protocol;
using ExpEther.Core.Counters;
using ExpEther.Core.Scheduling;
using ExpEther.Core.Time;
using ExpEther.Link;
using ExpEther.Link.Ethernet;
using ExpEther.Link.Taps;
using ExpEther.Pcie.Ports;
using ExpEther.RootComplex.Functions.Sharing;

namespace ExpEther.Bridge.Io;

/// <summary>
/// The I/O bridge: root complex of its device bus, and the sole authority on which host owns which function. It only composes: devices
/// (<see cref="DeviceBus"/>), hosts (<see cref="HostSessions"/>), the two directions of traffic, ownership, and the sequences that change it.
/// All of it runs on one owner loop: frames in by <see cref="OnFrame"/>, frames out by <see cref="TryTakeFrame"/>, the rest in
/// <see cref="Poll"/> and on the scheduler.
/// </summary>
public sealed class IoBridge : ISessionEvents, ICounterSource
{
    /// <summary>".vf256".</summary>
    private const int VirtualSuffixBytesMax = 6;

    private readonly OwnerScheduler _scheduler;
    private readonly IEventSink _events;
    private readonly OwnerSignal _changed;
    private readonly FunctionTable _functions = new();
    private readonly DeviceConfigAccess _config;
    private readonly DeviceBus _devices;
    private readonly DeviceFence _fence;
    private readonly PhysicalFunctions _physicals;
    private readonly NamespaceOwnership _sight;
    private readonly NamespaceRecovery _recovery;
    private readonly NamespaceCommands _namespaces;
    private readonly HostSessions _hosts;
    private readonly OwnershipTable _ownership;
    private readonly DeviceBringUp _bringUp;
    private readonly SequenceGuard _guard;
    private readonly OwnerFollower _follower;
    private readonly GuestFollower _guests;
    private readonly BridgeChanges _changes;
    private readonly BridgeCommands _commands;
    private readonly HostToDevice _hostToDevice;
    private readonly DeviceToHost _deviceToHost;
    private readonly NoteCarrier _notes = new();
    private Instant _now;
    private bool _started;

    public IoBridge(IoBridgeOptions options, IOwnershipStore store, OwnerScheduler scheduler, IRandomSource random, IEventSink events)
    {
        options = options with { Incarnation = Incarnations.Draw(random) };
        Options = options;
        _scheduler = scheduler;
        _events = events;
        _changed = new OwnerSignal(scheduler);
        _config = new DeviceConfigAccess(scheduler, options.CompletionTimeout);
        _devices = new DeviceBus(options, _config, scheduler, events);
        _hosts = new HostSessions(options, this, random, events);
        _ownership = new OwnershipTable(store, random, _changed, events, options.Name);
        _physicals = new PhysicalFunctions(options, _config, scheduler, _changed, events) { Changed = OnPhysicalFunctionChanged };
        _sight = new NamespaceOwnership(_physicals, _ownership, events);
        _devices.Keeper = _physicals;
        _recovery = new NamespaceRecovery(_ownership, _sight, _hosts, events);
        _namespaces = new NamespaceCommands(_devices, _physicals, _hosts, _ownership, _sight, _recovery);
        _fence = new DeviceFence(_devices, _config, _changed, events);
        var reset = new FunctionReset(_config, scheduler, _changed, events);
        var assign = new AssignSequence(reset, _ownership, _sight, _changed, events, options);
        var release = new ReleaseSequence(reset, _changed, events, options.ReleaseTimeout);
        _guard = new SequenceGuard(scheduler, _changed);
        _follower = new OwnerFollower(_functions, assign, release, _ownership, _sight, scheduler, _changed, events, _guard);
        _commands = new BridgeCommands(_functions, _devices, _hosts, assign, release, _ownership, _follower, _sight, _changed);
        _guests = new GuestFollower(_functions, _commands, _ownership, _guard, scheduler, events);
        _bringUp = new DeviceBringUp(_devices, _config, reset, scheduler, _changed);
        _changes = new BridgeChanges(_functions, _devices, _bringUp, _hosts, _ownership, release, _follower, scheduler, _changed, OnChanged);
        _hostToDevice = new HostToDevice(_functions, _changed, events);
        _deviceToHost = new DeviceToHost(_config, _changed, events, _follower.GiveUp);
    }

    /// <summary>As told at the start, with what has been changed since.</summary>
    public IoBridgeOptions Options { get; private set; }

    /// <summary>Sees all TLPs of the hosts' links and of the functions, on both sides of the swap; null: nobody looks.</summary>
    public ITlpTap? Tap
    {
        get => _hostToDevice.Tap;
        set
        {
            _hostToDevice.Tap = value;
            _deviceToHost.Tap = value;
            _hosts.Tap = value;
        }
    }

    /// <summary>A rule that it does not keep, by functions that it has now.</summary>
    internal BrokenRule Broken
    {
        get;
        set
        {
            field = value;
            _hostToDevice.Broken = value;
            _deviceToHost.Broken = value;
            foreach (var function in _functions.All)
            {
                function.Broken = value;
            }
        }
    }

    /// <summary>When <see cref="Poll"/> has something to do by itself; null when only a frame or a device can give it work.</summary>
    public Instant? NextDeadline
    {
        get
        {
            var deadline = Instant.Earliest(Instant.Earliest(_hosts.NextDeadline, _devices.NextDeadline), _config.NextDeadline);
            return _ownership.IsPending ? Instant.Earliest(deadline, _now + IoBridgeLimits.RecordPollInterval) : deadline;
        }
    }

    /// <summary>Plugs a device into the box, before <see cref="StartAsync"/>.</summary>
    /// <param name="name">At most <see cref="PresentMessage.NameBytesMax"/> bytes of UTF-8 with what is added for its functions; no other
    /// device's.</param>
    /// <param name="device">Not used by anyone else from now on.</param>
    /// <param name="vfs">How many virtual functions hosts are to share, each a function of its own with the name "name.vf1" and on; 0: the
    /// device is used as it is.</param>
    public void AddDevice(string name, IPcieDevice device, int vfs = 0)
    {
        Check.That(!_started && Encoding.UTF8.GetByteCount(name) <= PresentMessage.NameBytesMax - (vfs > 0 ? VirtualSuffixBytesMax : 2));
        Check.That(_devices.All.Count < IoBridgeLimits.DevicesMax && _devices.All.TrueForAll(d => d.Name != name));
        Check.That(vfs is >= 0 and <= IoBridgeLimits.VirtualFunctionsPerDeviceMax);
        _devices.Add(name, device, vfs);
    }

    /// <summary>Adds a driver for physical functions, before <see cref="StartAsync"/>; the first that matches has a device.</summary>
    public void AddDriver(IPhysicalFunctionDriver driver)
    {
        Check.That(!_started);
        _physicals.Add(driver);
    }

    /// <summary>Enumerates the devices, loads ownership and opens the links. A device that does not come up is reported and has no function.</summary>
    public async Task StartAsync()
    {
        Check.That(!_started);
        _ownership.Load();
        foreach (var device in _devices.All)
        {
            var failure = await _bringUp.RunAsync(device);
            if (failure.Length > 0)
            {
                _events.Report(EventSeverity.Error, device.Name, $"does not come up: {failure}");
            }

            device.Functions.ForEach(_functions.Add);
        }

        _sight.IsStarted = true;
        foreach (var physical in _physicals.All)
        {
            physical.Device.Scope!.Start(() => _recovery.RunAsync(physical));
            _sight.Look(physical);
        }

        _started = true;
        _hosts.Open(_scheduler.Now);
    }

    /// <summary>Tells every host that the box goes away, so that slots empty now rather than when the link is given up. Take the frames after it.</summary>
    public void Close(Instant now) => _hosts.Close(LinkDownReason.Closed, now);

    /// <summary>Takes a frame that has come in on any port. What is not for this bridge is dropped and counted.</summary>
    public FrameTrust OnFrame(in ReceivedFrame frame, Instant now) => _hosts.OnFrame(frame, now);

    /// <summary>Writes the next frame to send; at least the MTU and 18 bytes of room.</summary>
    public bool TryTakeFrame(Instant now, Span<byte> into, out int written) => _hosts.TryTakeFrame(now, into, out written);

    /// <summary>Moves TLPs and timers on.</summary>
    /// <returns>True when something happened, so that the loop does not go to sleep.</returns>
    public bool Poll(Instant now)
    {
        _now = now;
        var moved = _hosts.Poll(now);
        foreach (var device in _devices.All)
        {
            moved |= Move(device, now);
        }

        _config.OnTime(now);
        _ownership.Poll();
        return moved;
    }

    /// <summary>Gives a function that nobody owns to a host. <paramref name="force"/>: takes it from whoever owns it, fenced at once.</summary>
    /// <param name="function">Its name.</param>
    /// <param name="host">The host's name.</param>
    /// <param name="force">Do not ask the present owner.</param>
    /// <param name="progress">Told each step as it is reached.</param>
    /// <param name="expected">The function's generation as the caller knows it: refused when it has changed since. Null: whatever it is.</param>
    /// <param name="slot">The host's slot that it has to come into, 1 to 65535; 0: the one that the host chooses.</param>
    public Task<BridgeResult> AttachAsync(
        string function, string host, bool force = false, Action<BridgeStep>? progress = null, ulong? expected = null, int slot = 0) =>
        RunAsync(function, steps => _commands.AttachAsync(function, host, force, expected, slot, steps), progress);

    /// <summary>Takes a function from its owner, who is asked to let go first unless <paramref name="force"/>.</summary>
    public Task<BridgeResult> DetachAsync(string function, bool force = false, Action<BridgeStep>? progress = null, ulong? expected = null) =>
        RunAsync(function, steps => _commands.DetachAsync(function, force, expected, steps), progress);

    /// <summary>Takes a function from its owner and gives it to another host. Asked again after it has succeeded, it succeeds and does nothing.</summary>
    public Task<BridgeResult> MoveAsync(
        string function, string host, bool force = false, Action<BridgeStep>? progress = null, ulong? expected = null, int slot = 0) =>
        RunAsync(function, steps => _commands.MoveAsync(function, host, force, expected, slot, steps), progress);

    /// <summary>The namespaces of the box's shared devices, or of one of them.</summary>
    public Task<IReadOnlyList<NamespaceDeviceStatus>> NamespacesAsync(string? device = null) =>
        _scheduler.Run(() => _namespaces.ListAsync(device));

    /// <summary>Makes a private namespace for a host, which sees it at once if it has a function of the device.</summary>
    /// <param name="device">The device's name.</param>
    /// <param name="bytes">At least this much.</param>
    /// <param name="host">The owner's name.</param>
    /// <param name="function">The only VF by which the owner sees the namespace. Null: the first VF that the owner has.</param>
    public Task<NamespaceReply> CreateNamespaceAsync(string device, ulong bytes, string host, string? function = null) =>
        RunAsync(device, () => _namespaces.CreateAsync(device, bytes, host, function));

    /// <summary>Gives a private namespace to a host, or to another function of its owner.</summary>
    /// <param name="device">The device's name.</param>
    /// <param name="id">NSID.</param>
    /// <param name="host">The owner's name.</param>
    /// <param name="force">It is taken from another owner, or from a function that is in its owner's hands.</param>
    /// <param name="function">As of <see cref="CreateNamespaceAsync"/>.</param>
    public Task<NamespaceReply> GiveNamespaceAsync(string device, uint id, string host, bool force = false, string? function = null) =>
        RunAsync(device, () => _namespaces.GiveAsync(device, id, host, force, function));

    /// <summary>Grows or shrinks a namespace. One that a host uses is cut only with <paramref name="force"/>.</summary>
    public Task<NamespaceReply> ResizeNamespaceAsync(string device, uint id, ulong bytes, bool force = false) =>
        RunAsync(device, () => _namespaces.ResizeAsync(device, id, bytes, force));

    /// <summary>Deletes a namespace with what is in it. One that is shared, or that a host uses, only with <paramref name="force"/>.</summary>
    public Task<NamespaceReply> DeleteNamespaceAsync(string device, uint id, bool force = false) =>
        RunAsync(device, () => _namespaces.DeleteAsync(device, id, force));

    /// <summary>What stands in the way of a change now, before anything is made for it.</summary>
    public IReadOnlyList<ChangeRefusal> Refusals(IoBridgeChange change) => _changes.Refusals(change);

    /// <summary>
    /// Does all of a change that can fail, so that nothing of it can be noticed yet. On the owner's scheduler; the bridge has started, and no
    /// other change is prepared at the same time.
    /// </summary>
    public async Task<PreparedChange> PrepareAsync(IoBridgeChange change)
    {
        Check.That(_started);
        return await _changes.PrepareAsync(change);
    }

    public IoBridgeStatus Status() => StatusReport.Of(Options, _scheduler.Now, _functions, _hosts, _ownership, new IoBridgeCounters(
        _hosts.FramesNotOurs, _hostToDevice.Malformed, _hostToDevice.UnknownFunctions, _devices.All.Sum(d => d.Malformed),
        _devices.All.Sum(d => d.UnknownRequesters), _config.TimedOut, StaleAnswers + _hosts.All.Sum(h => h.ControlsUnreadable),
        _hosts.All.Sum(h => h.RepliesDropped + h.ControlsDropped))) with
    {
        Devices = [.. _devices.All.Select(IoDeviceStatus.Of)],
        Trouble = _ownership.Trouble,
    };

    private long StaleAnswers => _follower.StaleAnswers + _guests.Ignored;

    public void AddShape(CounterShape shape) => IoCounterEntries.AddShape(shape, _functions, _hosts);

    public void AddCounters(CounterTree tree)
    {
        tree.Object("bridge", () => IoCounterEntries.AddBridge(
            tree, _devices, _hosts, () => _hostToDevice.Malformed, () => _hostToDevice.UnknownFunctions, () => _config.TimedOut, () => StaleAnswers));
        IoCounterEntries.Add(tree, _functions, _hosts);
    }

    void ISessionEvents.OnTlp(HostSession session, ushort function, ulong generation, ReadOnlySpan<byte> tlp, Instant now) =>
        _hostToDevice.OnTlp(session, function, generation, tlp, now);

    void ISessionEvents.OnControl(HostSession session, in ControlHeader header, ReadOnlySpan<byte> message, Instant now)
    {
        if (!_guests.OnControl(session, message))
        {
            _follower.OnControl(session, header, message);
        }
    }

    void ISessionEvents.OnUp(HostSession session, Instant now) => _follower.OnUp(session);

    void ISessionEvents.OnDown(HostSession session, LinkDownReason reason, Instant now) => _follower.OnDown(session, reason);

    /// <summary>It was reset and is back, or its namespaces changed: owners are shown what they could not be shown before.</summary>
    private void OnPhysicalFunctionChanged(PhysicalDevice device)
    {
        _sight.Look(device);
        foreach (var function in device.Device.Functions.Where(f => f.Trouble.Length > 0))
        {
            function.Trouble = "";
            function.TriedEpoch = 0;
            _follower.Settle(function, _ownership.OwnerOf(function.Name) is { } owner ? _hosts.Find(owner.Vlan, owner.Mac) : null);
        }
    }

    /// <summary>What goes wrong here by a bug, in the device or in the bridge's work for it, ends that device and no other.</summary>
    private bool Move(BusDevice device, Instant now)
    {
        device.Scope?.Enter();
        try
        {
            return MoveInScope(device, now);
        }
        finally
        {
            SequenceScope.Leave();
        }
    }

    private bool MoveInScope(BusDevice device, Instant now)
    {
        var moved = device.Device.Poll(now);
        try
        {
            moved |= _deviceToHost.Pump(device, now);
            _notes.Carry(device);
        }
        catch (Exception e)
        {
            device.Device.Fail(e);
        }

        return moved | _fence.Look(device);
    }

    private void OnChanged(IoBridgeChange change) => Options = Options with
    {
        Hosts = [.. _hosts.All.Select(h => h.Host)],
        LinkDead = change.LinkDead,
        PathSilent = change.PathSilent,
        ReleaseTimeout = change.ReleaseTimeout,
    };

    private Task<NamespaceReply> RunAsync(string device, Func<Task<NamespaceReply>> command) => _started
        ? _scheduler.Run(command)
        : Task.FromResult(NamespaceReply.Refused(RefusalCode.NotStarted, "the box is still finding its devices", "try again in a moment", device));

    private Task<BridgeResult> RunAsync(string function, Func<StepLog, Task<BridgeResult>> command, Action<BridgeStep>? progress) => _started
        ? _scheduler.Run(() => _guard.RunAsync(_functions.Find(function), () => command(new StepLog(_scheduler, progress))))
        : Task.FromResult(BridgeResult.Refused(RefusalCode.NotStarted, "the box is still finding its devices", "try again in a moment", function));
}
