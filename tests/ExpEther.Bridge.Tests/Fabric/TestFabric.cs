using ExpEther.Bridge.Hosts;
using ExpEther.Bridge.Io;
using ExpEther.Bridge.Tests.Hosts;
using ExpEther.Core.Scheduling;
using ExpEther.Core.Time;
using ExpEther.Ethernet.Switch;
using ExpEther.Link.Ethernet;
using ExpEther.Nvme.Driver;
using ExpEther.RootComplex;
using ExpEther.RootComplex.Guests;

namespace ExpEther.Bridge.Tests.Fabric;

/// <summary>
/// Hosts and I/O boxes on one VLAN switch, all production code, in one process and virtual time: nothing here waits, and every run is
/// the same. By default hosts are told apart by VLAN only as the switch tells them apart: all have the same memory and MMIO addresses.
/// </summary>
internal sealed class TestFabric
{
    private readonly SeededRandom _random = new(11);
    private readonly byte[] _key = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];

    public TestFabric(bool isSealed = false, int mtuBytes = 1500, int? pathMtuBytes = null)
    {
        IsSealed = isSealed;
        MtuBytes = mtuBytes;
        PathMtuBytes = pathMtuBytes ?? mtuBytes;
        Switch = new MemorySwitch(_random) { Tap = (port, frame) => Capture.OnFrame(port, frame) };
    }

    public bool IsSealed { get; }

    public int MtuBytes { get; }

    /// <summary>What the switch carries to those that are added from now on.</summary>
    public int PathMtuBytes { get; set; }

    public OwnerScheduler Scheduler { get; } = new();

    public MemorySwitch Switch { get; }

    public FrameCapture Capture { get; } = new();

    public EventList Events { get; } = new();

    public Instant Now { get; private set; }

    public List<FabricHost> Hosts { get; } = [];

    public List<FabricGuest> Guests { get; } = [];

    public List<FabricBox> Boxes { get; } = [];

    public FabricHost AddHost(string name, int vlan, Func<RootComplexOptions, RootComplexOptions>? change = null, int slots = 4, MacAddress? sameMac = null)
    {
        var options = new RootComplexOptions { Name = name, MemoryBytes = 16 << 20, AttentionDelay = TimeSpan.FromMilliseconds(50) };
        var rootComplex = new HostRootComplex(change?.Invoke(options) ?? options, Scheduler, Events);
        var mac = sameMac ?? new MacAddress(0x02_00_00_00_01_00 + (ulong)Hosts.Count);
        var bridge = new HostBridge(
            new HostBridgeOptions
            {
                Name = name,
                Mac = mac,
                Vlan = new VlanId((ushort)vlan),
                Slots = slots,
                Sealed = IsSealed,
                Key = _key,
                MtuBytes = MtuBytes,
            },
            rootComplex, Scheduler, _random, Events);
        var probes = new ProbeDriver();
        rootComplex.AddDriver(probes);
        var nvme = new NvmeDriver(Scheduler, Events);
        rootComplex.AddDriver(nvme);
        var port = Hosts.Exists(h => h.Name == name) ? $"{name} #{Hosts.Count}" : name;
        var host = new FabricHost(
            rootComplex, bridge, Switch.AddPort(port, SwitchPortMode.Trunk(bridge.Options.Vlan), PathMtuBytes), probes, nvme);
        Hosts.Add(host);
        return host;
    }

    /// <summary>A virtual machine.</summary>
    public FabricGuest AddGuest(string name, int vlan, int slots = 4)
    {
        var machine = new GuestMachine(Scheduler, slots);
        var root = new GuestRootComplex(new GuestRootComplexOptions { Name = name, Slots = slots }, machine, Scheduler, Events);
        var bridge = new HostBridge(
            new HostBridgeOptions
            {
                Name = name,
                Mac = new MacAddress(0x02_00_00_00_03_00 + (ulong)Guests.Count),
                Vlan = new VlanId((ushort)vlan),
                Slots = slots,
                Sealed = IsSealed,
                Key = _key,
                MtuBytes = MtuBytes,
                IsPlugTold = true,
            },
            root, Scheduler, _random, Events);
        root.Told = bridge.Tell;
        root.Followed = bridge.TellFollows;
        var guest = new FabricGuest(root, machine, bridge, Switch.AddPort(name, SwitchPortMode.Trunk(bridge.Options.Vlan), PathMtuBytes));
        Guests.Add(guest);
        return guest;
    }

    /// <summary>A box that may serve all hosts and guests added so far.</summary>
    public FabricBox AddBox(string name, Action<IoBridge> addDevices, Func<IoBridgeOptions, IoBridgeOptions>? change = null, MemoryStore? store = null)
    {
        store ??= new MemoryStore();
        var options = new IoBridgeOptions
        {
            Name = name,
            Mac = new MacAddress(0x02_00_00_00_02_00 + (ulong)Boxes.Count),
            Hosts =
            [
                .. Hosts.Select(h => new IoHostOptions { Name = h.Name, Vlan = h.Vlan, Mac = h.Mac, Key = _key }),
                .. Guests.Select(g => new IoHostOptions { Name = g.Name, Vlan = g.Vlan, Mac = g.Mac, Key = _key }),
            ],
            Sealed = IsSealed,
            MtuBytes = MtuBytes,
        };
        var bridge = new IoBridge(change?.Invoke(options) ?? options, store, Scheduler, _random, Events);
        addDevices(bridge);
        var port = Boxes.Exists(b => b.Bridge.Options.Name == name) ? $"{name} #{Boxes.Count}" : name;
        var box = new FabricBox(bridge, Switch.AddPort(port, mtuBytes: PathMtuBytes), store);
        Boxes.Add(box);
        return box;
    }

    /// <summary>The box's process ends without a word and another starts on the same port with what was recorded.</summary>
    public void Restart(FabricBox box, Action<IoBridge> addDevices)
    {
        var bridge = new IoBridge(box.Bridge.Options, box.Store, Scheduler, _random, Events);
        addDevices(bridge);
        Boxes[Boxes.IndexOf(box)] = new FabricBox(bridge, box.Port, box.Store);
        Run(bridge.StartAsync);
    }

    /// <summary>Enumerates every host, brings up every box and waits for all links.</summary>
    public void Start()
    {
        foreach (var host in Hosts)
        {
            Run(host.RootComplex.EnumerateAsync);
        }

        foreach (var guest in Guests)
        {
            Run(guest.Root.EnumerateAsync);
        }

        foreach (var box in Boxes)
        {
            Run(box.Bridge.StartAsync);
        }

        Until(() => Boxes.All(b => b.Bridge.Status().Hosts.All(h => h.Linked)));
    }

    public void Cut(MemoryPort port) => Switch.Switch.Cut(port.Number);

    public void Heal(MemoryPort port) => Switch.Switch.Heal(port.Number);

    public void Run(Func<Task> sequence) => Run(async () =>
    {
        await sequence();
        return true;
    });

    /// <summary>Runs a sequence on the owner's scheduler to its end, in virtual time.</summary>
    public T Run<T>(Func<Task<T>> sequence)
    {
        var task = Scheduler.Run(sequence);
        Until(() => task.IsCompleted, TimeSpan.FromMinutes(5));
        return task.GetAwaiter().GetResult();
    }

    /// <summary>Attaches, and waits until the host's driver has taken the function.</summary>
    public BridgeResult Attach(FabricBox box, string function, FabricHost host)
    {
        var before = host.Probes.Functions.Count + host.Disks;
        var result = Run(() => box.Bridge.AttachAsync(function, host.Name));
        Assert.True(result.Ok, result.Message);
        Until(() => host.Probes.Functions.Count + host.Disks == before + 1);
        return result;
    }

    /// <summary>Attaches a function to a guest, and waits until its monitor is asked to show it.</summary>
    public GuestDriver Attach(FabricBox box, string function, FabricGuest guest, int slot = 1)
    {
        var result = Run(() => box.Bridge.AttachAsync(function, guest.Name));
        Assert.True(result.Ok, result.Message);
        Until(() => guest.Slot(slot).Function is not null && guest.Machine.Calls.LastOrDefault() == $"plug {slot}");
        return new GuestDriver(this, guest.Slot(slot));
    }

    public void Until(Func<bool> condition, TimeSpan? timeout = null)
    {
        var deadline = Now + (timeout ?? TimeSpan.FromSeconds(60));
        while (true)
        {
            Settle();
            if (condition())
            {
                return;
            }

            Assert.True(
                Now < deadline,
                $"not within {timeout ?? TimeSpan.FromSeconds(60)}; last: "
                + $"{string.Join(" | ", Events.Events.TakeLast(8).Select(e => $"{e.Source}: {e.Text}"))}");
            Step(deadline);
        }
    }

    public void Pass(TimeSpan time)
    {
        var end = Now + time;
        while (true)
        {
            Settle();
            if (Now >= end)
            {
                return;
            }

            Step(end);
        }
    }

    /// <summary>Lets everything happen that needs no time.</summary>
    public void Settle()
    {
        while (Turn())
        {
        }
    }

    public bool Turn()
    {
        Scheduler.Advance(Now);
        Switch.Advance(Now);
        var busy = Scheduler.RunReady() > 0;
        foreach (var host in Hosts)
        {
            busy |= host.Turn(Now);
        }

        foreach (var guest in Guests)
        {
            busy |= guest.Turn(Now);
        }

        foreach (var box in Boxes)
        {
            busy |= box.Turn(Now);
        }

        return busy;
    }

    public void Step(Instant limit)
    {
        var next = Instant.Earliest(Scheduler.NextDeadline, Switch.NextDeadline);
        foreach (var host in Hosts)
        {
            next = Instant.Earliest(next, host.NextDeadline);
        }

        foreach (var guest in Guests)
        {
            next = Instant.Earliest(next, guest.NextDeadline);
        }

        foreach (var box in Boxes)
        {
            next = Instant.Earliest(next, box.NextDeadline);
        }

        var soonest = Now + TimeSpan.FromMicroseconds(1);
        Now = Instant.Min(limit, next is { } at && at > soonest ? at : soonest);
    }
}
