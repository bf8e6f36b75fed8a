using ExpEther.Bridge.Hosts;
using ExpEther.Core.Scheduling;
using ExpEther.Core.Stages;
using ExpEther.Core.Time;
using ExpEther.Daemon.Config;
using ExpEther.Daemon.Loop;
using ExpEther.Link.Ethernet;
using ExpEther.Nvme.Driver;
using ExpEther.Pcie.Ports;
using ExpEther.RootComplex;

namespace ExpEther.Daemon.Hosts;

/// <summary>One host of a daemon: a root complex with its NVMe driver above, a host bridge below, a wire between them.</summary>
internal sealed class EmbeddedHost : IOwnedPart
{
    private readonly TlpWire _wire;
    private readonly OwnerSignal _disksChanged;
    private readonly StageClock _stages;

    public EmbeddedHost(
        EmbeddedHostConfig config, HostConfig daemon, int mtuBytes, OwnerScheduler scheduler, StageClock stages, IRandomSource random, IEventSink events)
    {
        Config = config;
        _stages = stages;
        RootComplex = new HostRootComplex(
            new RootComplexOptions
            {
                Name = config.Name,
                MemoryBase = config.MemoryBase,
                MemoryBytes = config.MemoryBytes,
                CompletionTimeout = config.CompletionTimeout,
                AttentionDelay = config.AttentionDelay,
            },
            scheduler,
            events);
        Bridge = new HostBridge(
            new HostBridgeOptions
            {
                Name = config.Name,
                Mac = config.Mac,
                Vlan = config.Vlan,
                Key = config.Key,
                Sealed = daemon.Link.Sealed,
                EtherType = daemon.Port.EtherType,
                MtuBytes = mtuBytes,
                Slots = config.Slots,
                LinkDead = daemon.Link.LinkDead,
                PathSilent = daemon.Link.PathSilent,
                CompletionTimeout = config.CompletionTimeout,
                Stages = stages,
            },
            RootComplex,
            scheduler,
            random,
            events);
        _wire = new TlpWire(new StagedPort(RootComplex, stages, Stage.Attachment), Bridge);
        _disksChanged = new OwnerSignal(scheduler);
        Driver = new NvmeDriver(scheduler, events);
        Driver.DiskAdded += disk =>
        {
            events.Report(
                EventSeverity.Information, config.Name, $"{disk.Name} at {disk.Function.Rid}: {disk.ModelNumber.Trim()}, serial {disk.SerialNumber.Trim()}");
            _disksChanged.Set();
        };
        Driver.DiskRemoved += disk =>
        {
            events.Report(EventSeverity.Information, config.Name, $"{disk.Name} at {disk.Function.Rid} is gone");
            _disksChanged.Set();
        };
        RootComplex.AddDriver(Driver);
    }

    /// <summary>As it holds now.</summary>
    public EmbeddedHostConfig Config { get; private set; }

    public HostRootComplex RootComplex { get; }

    public HostBridge Bridge { get; }

    public NvmeDriver Driver { get; }

    public MacAddress Mac => Config.Mac;

    public Instant? NextDeadline => Instant.Earliest(RootComplex.NextDeadline, Bridge.NextDeadline);

    public void OnFrame(in ReceivedFrame frame, Instant now) => Bridge.OnFrame(frame, now);

    public bool TryTakeFrame(Instant now, Span<byte> into, out int written) => Bridge.TryTakeFrame(now, into, out written);

    public bool Poll(Instant now)
    {
        var outer = _stages.Enter(Stage.Attachment);
        var active = RootComplex.Poll(now);
        _stages.Leave(outer);
        active |= Bridge.Poll(now);
        active |= _wire.Pump(now, LoopLimits.TlpsPerTurnMax);
        return active;
    }

    public void Close(Instant now) => Bridge.Close(now);

    /// <summary>Another key, other times: all of a configuration that can change while the host runs.</summary>
    public void Change(EmbeddedHostConfig config, LinkConfig link)
    {
        Config = config;
        RootComplex.ChangeTimes(config.CompletionTimeout, config.AttentionDelay);
        Bridge.Change(config.Key, link.LinkDead, link.PathSilent, config.CompletionTimeout);
    }

    /// <summary>The disk that a user means by a function's name, a driver's name (nvme0) or a serial number.</summary>
    public NvmeDisk? FindDisk(string name) => Driver.Disks.FirstOrDefault(disk => IsNamed(disk, name));

    /// <summary>The slot whose function is at this place in the host's tree; null when the host bridge knows none.</summary>
    public SlotStatus? SlotOf(NvmeDisk disk) => Bridge.Status().Slots.FirstOrDefault(slot => slot.Function is { } f && f.VfH == disk.Function.Rid);

    /// <summary>Waits until the disk is there and can be used.</summary>
    public Task<bool> WaitForDiskAsync(string name, TimeSpan timeout) => _disksChanged.WaitUntil(() => FindDisk(name)?.IsUsable == true, timeout);

    /// <summary>
    /// Waits a moment for a disk whose function is in a slot already but whose driver is not ready: <c>attach</c> ends before the host
    /// has bound its driver, and a user's next command should not have to guess.
    /// </summary>
    /// <param name="name">Null: any disk.</param>
    public Task SettleAsync(string? name) => _disksChanged.WaitUntil(
        () => (name is not null && FindDisk(name) is not null) || !IsComing(name), TimeSpan.FromMilliseconds(DiskLimits.SettleMilliseconds));

    private bool IsComing(string? name) => Bridge.Status().Slots.Any(
        slot => slot.Function is { } f && (name is null || f.Name == name) && Driver.Disks.All(disk => disk.Function.Rid != f.VfH));

    private bool IsNamed(NvmeDisk disk, string name) => disk.Name == name || disk.SerialNumber.Trim() == name || SlotOf(disk)?.Function!.Name == name;
}
