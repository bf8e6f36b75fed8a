using ExpEther.Bridge.Hosts;
using ExpEther.Core.Time;
using ExpEther.Link.Ethernet;
using ExpEther.Link.Taps;
using ExpEther.Nvme.Driver;
using ExpEther.Pcie.Ports;
using ExpEther.RootComplex;
using ExpEther.RootComplex.Memory;
using ExpEther.Simulation.Load;

namespace ExpEther.Simulation.Stations;

/// <summary>A host: an embedded root complex with the NVMe driver on a host bridge, and a load on every disk it has.</summary>
internal sealed class HostStation(FabricRun run, int number, string name, MacAddress mac, VlanId vlan) : Station(run, number, name, mac)
{
    private const int CanaryBytes = 16 * HostMemory.PageBytes;
    private const byte CanaryByte = 0xC5;

    private readonly List<DiskLoad> _loads = [];
    private readonly List<NamespaceWatch> _watches = [];
    private TlpWire? _wire;
    private DmaBuffer _canary;
    private int _life;

    public VlanId Vlan { get; } = vlan;

    public override VlanId AnyVlan => Vlan;

    public HostRootComplex RootComplex { get; private set; } = null!;

    public HostBridge Bridge { get; private set; } = null!;

    public NvmeDriver Nvme { get; private set; } = null!;

    /// <summary>On disks that are used as they are.</summary>
    public IReadOnlyList<DiskLoad> DiskLoads => _loads;

    /// <summary>On disks that are used as they are, and on every namespace of every virtual function.</summary>
    public IEnumerable<DiskLoad> Loads => _loads.Concat(_watches.SelectMany(watch => watch.Loads));

    /// <summary>Virtual functions in use.</summary>
    public IReadOnlyList<NamespaceWatch> Watches => _watches;

    protected override Instant? Deadline => Instant.Earliest(RootComplex.NextDeadline, Bridge.NextDeadline);

    /// <summary>Memory that devices may write and nobody asks them to.</summary>
    public void CheckCanary()
    {
        if (IsUp && RootComplex.Memory.SpanOf(_canary).ContainsAnyExcept(CanaryByte))
        {
            throw new SimulationFailure($"{Name}: memory that no command is about was written");
        }
    }

    /// <summary>An orderly end of the process: its boxes are told.</summary>
    public void Close(Instant now)
    {
        Bridge.Close(now);
        Turn(now);
        Crash();
    }

    protected override void OnStart(Instant now)
    {
        _life++;
        var options = Run.Settings;
        RootComplex = new HostRootComplex(
            new RootComplexOptions { Name = Name, MemoryBytes = 8 << 20, AttentionDelay = options.AttentionDelay }, Scheduler, Run.Trace);
        Bridge = new HostBridge(
            new HostBridgeOptions
            {
                Name = Name, Mac = Mac, Vlan = Vlan, Slots = Run.Settings.Slots, Sealed = options.Sealed, Ciphers = Run.Nonces,
                Key = options.Key, MtuBytes = options.MtuBytes,
                LinkDead = SimulationLimits.LinkDead,
            },
            RootComplex, Scheduler, Run.RandomFor($"{Name} {_life}"), Run.Trace);
        Bridge.Tap = Run.Deliveries.TapOf(TlpDirection.ToDevice);
        _wire = new TlpWire(RootComplex, Bridge);
        Nvme = new NvmeDriver(
            Scheduler, Run.Trace,
            new NvmeDriverOptions { QueuePairs = options.QueuePairs, QueueEntries = 32, CommandTimeout = SimulationLimits.CommandTimeout });
        Nvme.DiskAdded += OnDiskAdded;
        Nvme.DiskRemoved += disk =>
        {
            _loads.RemoveAll(load => load.Disk == disk);
            _watches.RemoveAll(watch => watch.Disk == disk);
        };
        RootComplex.AddDriver(Nvme);
        _canary = RootComplex.Memory.Allocate(CanaryBytes);
        RootComplex.Memory.SpanOf(_canary).Fill(CanaryByte);
        Scheduler.Start(RootComplex.EnumerateAsync);
    }

    protected override void OnCrash()
    {
        CheckCanaryOnce();
        foreach (var load in Loads)
        {
            load.OnCrash();
        }

        _loads.Clear();
        _watches.Clear();
    }

    protected override void OnFrame(in ReceivedFrame frame, Instant now) => Bridge.OnFrame(frame, now);

    protected override bool Poll(Instant now)
    {
        var busy = RootComplex.Poll(now);
        busy |= _wire!.Pump(now, 256);
        return Bridge.Poll(now) | busy;
    }

    protected override bool TryTakeFrame(Instant now, Span<byte> into, out int written) => Bridge.TryTakeFrame(now, into, out written);

    private void OnDiskAdded(NvmeDisk disk)
    {
        if (Run.IsSharedDevice(disk.SerialNumber))
        {
            _watches.Add(new NamespaceWatch(Run, this, disk));
        }
        else
        {
            _loads.Add(new DiskLoad(Run, this, disk, 1, Run.ModelOf(disk.SerialNumber), null));
        }
    }

    private void CheckCanaryOnce()
    {
        if (RootComplex.Memory.SpanOf(_canary).ContainsAnyExcept(CanaryByte))
        {
            throw new SimulationFailure($"{Name}: memory that no command is about was written");
        }
    }
}
