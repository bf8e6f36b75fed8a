using ExpEther.Bridge.Io;
using ExpEther.Core.Time;
using ExpEther.Link.Ethernet;
using ExpEther.Nvme.Backends;
using ExpEther.Nvme.Controller;
using ExpEther.Pcie.Ports;
using ExpEther.Simulation.Storage;

namespace ExpEther.Simulation.Stations;

/// <summary>An I/O box: an I/O bridge with an NVMe controller on each of its disks. Disks and ownership outlive a crash, if they are let.</summary>
internal sealed class BoxStation(FabricRun run, int number, string name, MacAddress mac, IReadOnlyList<SimDisk> disks, OwnershipFile file)
    : Station(run, number, name, mac)
{
    private int _life;

    public IReadOnlyList<SimDisk> Disks { get; } = disks;

    public override VlanId AnyVlan => Run.Hosts[0].Vlan;

    public IoBridge Bridge { get; private set; } = null!;

    /// <summary>Its devices are enumerated and commands are taken.</summary>
    public bool IsReady { get; private set; }

    protected override Instant? Deadline
    {
        get
        {
            var next = Bridge.NextDeadline;
            foreach (var disk in Disks)
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
        file.Crash(losesState);
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
                Name = Name, Mac = Mac, Sealed = options.Sealed, MtuBytes = options.MtuBytes, LinkDead = SimulationLimits.LinkDead,
                ReleaseTimeout = SimulationLimits.ReleaseTimeout, PlugTimeout = SimulationLimits.PlugTimeout,
                Hosts = [.. Run.Hosts.Select(h => new IoHostOptions { Name = h.Name, Vlan = h.Vlan, Mac = h.Mac, Key = options.Key })],
            },
            file, Scheduler, Run.RandomFor($"{Name} {_life}"), Run.Trace);
        foreach (var disk in Disks)
        {
            Bridge.AddDevice(disk.Name, ControllerOf(disk));
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
        foreach (var disk in Disks)
        {
            disk.Crash();
            Run.ModelOf(disk.Name).OnCrash();
        }
    }

    protected override void OnFrame(in ReceivedFrame frame, Instant now)
    {
        Tick(now);
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
        file.Now = now;
        foreach (var disk in Disks)
        {
            disk.Now = now;
        }
    }

    private IPcieDevice ControllerOf(SimDisk disk)
    {
        var plant = Run.Options.Plant;
        IBlockBackend backend = new SimBackend(disk);
        var controller = new NvmeController(
            new NvmeControllerOptions
            {
                SerialNumber = disk.Name, QueuePairsMax = 4, QueueEntriesMax = 64, MaxDataTransferBytes = 64 * 1024, BufferPoolBytes = 512 * 1024,
                CompletionTimeout = SimulationLimits.DmaTimeout, Namespaces = [new NvmeNamespaceOptions { Backend = plant?.Wrap(backend, disk) ?? backend }],
            },
            Run.Trace);
        return plant?.Wrap(controller, disk) ?? controller;
    }
}
