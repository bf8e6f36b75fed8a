using System.Text.Json.Nodes;
using ExpEther.Bridge.Hosts;
using ExpEther.Core.Counters;
using ExpEther.Core.Scheduling;
using ExpEther.Core.Stages;
using ExpEther.Core.Time;
using ExpEther.Daemon.Config;
using ExpEther.Daemon.Loop;
using ExpEther.Nvme.Driver;
using ExpEther.Pcie.Ports;
using ExpEther.RootComplex;

namespace ExpEther.Daemon.Hosts;

/// <summary>A host inside the daemon: a root complex with its NVMe driver above, a host bridge below, a wire between them.</summary>
internal sealed class EmbeddedHost : DaemonHost
{
    private readonly TlpWire _wire;
    private readonly OwnerSignal _disksChanged;
    private readonly StageClock _stages;

    public EmbeddedHost(
        HostBridgeConfig config, HostConfig daemon, int mtuBytes, ISlotStore slots, OwnerScheduler scheduler, StageClock stages, IRandomSource random,
        IEventSink events)
        : base(config)
    {
        _stages = stages;
        RootComplex = new HostRootComplex(
            new RootComplexOptions
            {
                Name = config.Name,
                MemoryBase = config.Embedded.MemoryBase,
                MemoryBytes = config.Embedded.MemoryBytes,
                CompletionTimeout = config.CompletionTimeout,
                AttentionDelay = config.AttentionDelay,
            },
            scheduler,
            events);
        Bridge = new HostBridge(BridgeOptions(config, daemon, mtuBytes, stages, slots), RootComplex, scheduler, random, events);
        _wire = new TlpWire(new StagedPort(RootComplex, stages, Stage.Attachment), Bridge);
        _disksChanged = new OwnerSignal(scheduler);
        Driver = new NvmeDriver(scheduler, events);
        Driver.DiskAdded += disk =>
        {
            events.Report(
                EventSeverity.Information, config.Name, $"{disk.Name} at {disk.Function.Rid}: {disk.ModelNumber.Trim()}, serial {disk.SerialNumber.Trim()}");
            if (DiskTwins.Of(disk, Driver.Disks) is { } twin)
            {
                events.Report(
                    EventSeverity.Warning, config.Name,
                    $"{disk.Name} has the serial number of {twin.Name}, which is another disk, and programs that go by it may take one for the other: "
                    + "give one of the devices another 'serial' at its box");
            }

            _disksChanged.Set();
        };
        Driver.DiskRemoved += disk =>
        {
            events.Report(EventSeverity.Information, config.Name, $"{disk.Name} at {disk.Function.Rid} is gone");
            _disksChanged.Set();
        };
        RootComplex.AddDriver(Driver);
    }

    public HostRootComplex RootComplex { get; }

    public override HostBridge Bridge { get; }

    public NvmeDriver Driver { get; }

    public override Instant? NextDeadline => Instant.Earliest(RootComplex.NextDeadline, Bridge.NextDeadline);

    public override bool Poll(Instant now)
    {
        var outer = _stages.Enter(Stage.Attachment);
        var active = RootComplex.Poll(now);
        _stages.Leave(outer);
        active |= Bridge.Poll(now);
        active |= _wire.Pump(now, LoopLimits.TlpsPerTurnMax);
        return active;
    }

    public override Task EnumerateAsync() => RootComplex.EnumerateAsync();

    public override void Describe(SlotStatus slot, JsonObject into)
    {
        var disk = Driver.Disks.FirstOrDefault(d => slot.Function is { } f && f.VfH == d.Function.Rid);
        into["disk"] = disk?.Name;
        into["twin"] = disk is null ? null : DiskTwins.Of(disk, Driver.Disks)?.Name;
        into["bytes"] = disk is { Namespaces.Count: > 0 } ? disk.Namespaces[0].Bytes : null;
    }

    public override void AddShape(CounterShape shape)
    {
    }

    public override void AddCounters(CounterTree tree) => tree.Object("rootComplex", () => tree.All(RootComplex.Counters));

    /// <summary>
    /// The disks that a user may mean by a function's name, a driver's name (nvme0) or, where none has that name, a serial number. Functions of one
    /// device have one serial number, and functions of two boxes may have one name.
    /// </summary>
    public IReadOnlyList<NvmeDisk> FindDisks(string name)
    {
        List<NvmeDisk> named = [.. Driver.Disks.Where(disk => disk.Name == name || SlotOf(disk)?.Function!.Name == name)];
        return named.Count > 0 ? named : [.. Driver.Disks.Where(disk => disk.SerialNumber.Trim() == name)];
    }

    /// <summary>The slot whose function is at this place in the host's tree; null when the host bridge knows none.</summary>
    public SlotStatus? SlotOf(NvmeDisk disk) => Bridge.Status().Slots.FirstOrDefault(slot => slot.Function is { } f && f.VfH == disk.Function.Rid);

    /// <summary>Waits until the disk is there and can be used.</summary>
    public Task<bool> WaitForDiskAsync(string name, TimeSpan timeout) =>
        _disksChanged.WaitUntil(() => FindDisks(name).Any(disk => disk.IsUsable), timeout);

    /// <summary>
    /// Waits a moment for a disk whose function is in a slot already but whose driver is not ready: <c>attach</c> ends before the host
    /// has bound its driver, and a user's next command should not have to guess.
    /// </summary>
    /// <param name="name">Null: any disk.</param>
    public Task SettleAsync(string? name) => _disksChanged.WaitUntil(
        () => (name is not null && FindDisks(name).Count > 0) || !IsComing(name), TimeSpan.FromMilliseconds(DiskLimits.SettleMilliseconds));

    public override void Dispose()
    {
    }

    protected override void OnChanged() => RootComplex.ChangeTimes(Config.CompletionTimeout, Config.AttentionDelay);

    private bool IsComing(string? name) => Bridge.Status().Slots.Any(
        slot => slot.Function is { } f && (name is null || f.Name == name) && Driver.Disks.All(disk => disk.Function.Rid != f.VfH));
}
