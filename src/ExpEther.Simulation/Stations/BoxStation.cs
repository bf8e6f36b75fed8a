using ExpEther.Bridge.Io;
using ExpEther.Bridge.Io.Ownership;
using ExpEther.Core.Time;
using ExpEther.Link.Ethernet;
using ExpEther.Link.Taps;
using ExpEther.Nvme.Backends;
using ExpEther.Nvme.Controller;
using ExpEther.Nvme.Driver;
using ExpEther.Nvme.Pool;
using ExpEther.Pcie.Ports;
using ExpEther.RootComplex.Functions.Sharing;
using ExpEther.Simulation.Faults;
using ExpEther.Simulation.Storage;

namespace ExpEther.Simulation.Stations;

/// <summary>
/// An I/O box: an I/O bridge with an NVMe controller on each of its disks, and maybe an NVMe device with virtual functions and a pool of
/// namespaces. Disks and ownership outlive a crash, if they are let.
/// </summary>
internal sealed class BoxStation : Station
{
    private readonly OwnershipFile _file;
    private int _life;
    private int _machineStarts = 1;
    private bool _isKilled;

    public BoxStation(FabricRun run, int number, string name, MacAddress mac, IReadOnlyList<SimDisk> disks, SharedDevice? shared)
        : base(run, number, name, mac)
    {
        (Disks, Shared) = (disks, shared);
        AllDisks = shared is null ? disks : [.. disks, shared.Shared, shared.Pool];
        Functions = [.. disks.Select(d => d.Name), .. Enumerable.Range(1, shared?.Vfs ?? 0).Select(vf => shared!.FunctionName(vf))];
        _file = new OwnershipFile(run.RandomFor($"file {number - run.Hosts.Count}"), OnRecorded);
    }

    /// <summary>Those that are used as they are, each behind a device of its name.</summary>
    public IReadOnlyList<SimDisk> Disks { get; }

    /// <summary>The device with virtual functions; null: it has none.</summary>
    public SharedDevice? Shared { get; }

    public IReadOnlyList<SimDisk> AllDisks { get; }

    /// <summary>Names of all functions that hosts may have.</summary>
    public IReadOnlyList<string> Functions { get; }

    /// <summary>Commands at the shared device.</summary>
    public DeviceActivity Activity { get; } = new();

    public override VlanId AnyVlan => Run.Hosts[0].Vlan;

    public IoBridge Bridge { get; private set; } = null!;

    /// <summary>Its devices are enumerated and commands are taken.</summary>
    public bool IsReady { get; private set; }

    protected override Instant? Deadline
    {
        get
        {
            var next = Bridge.NextDeadline;
            foreach (var disk in AllDisks)
            {
                next = Instant.Earliest(next, disk.NextDeadline);
            }

            return next;
        }
    }

    /// <param name="losesState">Ownership is gone as well.</param>
    public void Crash(bool losesState)
    {
        Crash();
        _file.Crash(losesState);
        if (Shared is not null)
        {
            Activity.OnCrash();
            Run.Namespaces.OnCrash(Shared.Name, Run.Trace.Now);
        }
    }

    /// <summary>The process ends without a word, and nothing but the process: it may start again and go on.</summary>
    public void Kill()
    {
        _isKilled = true;
        Crash();
        _isKilled = false;
        _file.Crash(losesAll: false);
        if (Shared is not null)
        {
            Activity.OnCrash();
            SettleOwners();
        }
    }

    /// <summary>A command is over: where none is left the owners before are owners no more.</summary>
    public void SettleOwners()
    {
        if (Shared is not null && Activity.IsQuiet)
        {
            foreach (var model in Run.Namespaces.Of(Shared.Name))
            {
                model.Settle(Scheduler.Now);
            }
        }
    }

    public void Close(Instant now)
    {
        Bridge.Close(now);
        Turn(now);
        Crash(losesState: false);
    }

    protected override void OnStart(Instant now)
    {
        _life++;
        var options = Run.Settings;
        Bridge = new IoBridge(
            new IoBridgeOptions
            {
                Name = Name, Mac = Mac, Sealed = options.Sealed, Ciphers = Run.Nonces, MtuBytes = options.MtuBytes, LinkDead = SimulationLimits.LinkDead,
                ReleaseTimeout = SimulationLimits.ReleaseTimeout, PlugTimeout = SimulationLimits.PlugTimeout,
                Hosts = [.. Run.Hosts.Select(h => new IoHostOptions { Name = h.Name, Vlan = h.Vlan, Mac = h.Mac, Key = options.Key })],
            },
            Run.Options.Plant?.Wrap(_file) ?? _file, Scheduler, Run.RandomFor($"{Name} {_life}"), Run.Trace);
        Bridge.Tap = Run.Deliveries.TapOf(TlpDirection.ToHost);
        foreach (var disk in Disks)
        {
            Bridge.AddDevice(disk.Name, ControllerOf(disk));
        }

        if (Shared is not null)
        {
            // The pool is read now; what its disk does from now on is the fault plan's.
            (Shared.Pool.MediaErrors, Shared.Pool.Slowness) = (0, 0);
            IPhysicalFunctionDriver driver = new NvmePhysicalFunctionDriver(
                Run.Trace, new NvmeDriverOptions { CommandTimeout = SimulationLimits.CommandTimeout });
            Bridge.AddDriver(Run.Options.Plant?.Wrap(driver) ?? driver);
            Bridge.AddDevice(Shared.Name, DeviceOf(Shared), Shared.Vfs);
        }

        Tick(now);
        Scheduler.Start(async () =>
        {
            await Bridge.StartAsync();
            IsReady = true;
        });
    }

    protected override void OnCrash()
    {
        IsReady = false;
        foreach (var disk in _isKilled ? AllDisks : [])
        {
            disk.Kill();
        }

        if (_isKilled)
        {
            return;
        }

        _machineStarts++;
        foreach (var disk in AllDisks)
        {
            disk.Crash();
        }

        foreach (var disk in Disks)
        {
            Run.ModelOf(disk.Name).OnCrash();
        }
    }

    protected override void OnFrame(in ReceivedFrame frame, Instant now)
    {
        Tick(now);
        Run.Options.Plant?.OnFrame(this, frame, now);
        Bridge.OnFrame(frame, now);
    }

    protected override bool Poll(Instant now)
    {
        Tick(now);
        Run.Options.Plant?.OnTurn(this, now);
        return Bridge.Poll(now);
    }

    protected override bool TryTakeFrame(Instant now, Span<byte> into, out int written) => Bridge.TryTakeFrame(now, into, out written);

    private void Tick(Instant now)
    {
        _file.Now = now;
        foreach (var disk in AllDisks)
        {
            disk.Now = now;
        }
    }

    private void OnRecorded(OwnershipImage? image)
    {
        if (Shared is not null)
        {
            Run.Namespaces.OnRecorded(Shared.Name, image, Run.Trace.Now, !Activity.IsQuiet);
        }
    }

    private IPcieDevice ControllerOf(SimDisk disk)
    {
        var controller = new NvmeController(OptionsOf(_machineStarts, disk.Name, new NvmeNamespaceOptions { Backend = BackendOf(disk) }), Run.Trace);
        return Run.Options.Plant?.Wrap(controller, disk) ?? controller;
    }

    private IPcieDevice DeviceOf(SharedDevice shared)
    {
        var device = new NvmeSrIovDevice(
            new NvmeSrIovOptions
            {
                Primary = OptionsOf(_machineStarts, shared.Name, new NvmeNamespaceOptions { Backend = BackendOf(shared.Shared), Shared = true }),
                Pool = new NamespacePool(BackendOf(shared.Pool), Run.RandomFor($"{shared.Name} pool {_life}")),
                TotalVfs = shared.Vfs, SecondaryQueuesMax = 5, FlexibleQueuesPerVf = 3, SecondaryMaxDataTransferBytes = 64 * 1024,
                SecondaryBufferPoolBytes = 256 * 1024,
            },
            Run.Trace);
        return Run.Options.Plant?.Wrap(device, shared.Pool) ?? device;
    }

    private IBlockBackend BackendOf(SimDisk disk)
    {
        var backend = new SimBackend(disk);
        return Run.Options.Plant?.Wrap(backend, disk) ?? backend;
    }

    private static NvmeControllerOptions OptionsOf(int machineStart, string name, NvmeNamespaceOptions first) => new()
    {
        Continuity = (ulong)machineStart,
        Name = name, SerialNumber = name, QueuePairsMax = 4, QueueEntriesMax = 64, MaxDataTransferBytes = 64 * 1024, BufferPoolBytes = 512 * 1024,
        CompletionTimeout = SimulationLimits.DmaTimeout, Namespaces = [first],
    };
}
