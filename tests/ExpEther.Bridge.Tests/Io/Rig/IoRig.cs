using System.Buffers.Binary;
using ExpEther.Bridge.Io;
using ExpEther.Bridge.Io.Status;
using ExpEther.Core.Scheduling;
using ExpEther.Core.Time;
using ExpEther.Link.Ethernet;
using ExpEther.Pcie.Config;
using ExpEther.Pcie.Ports;
using ExpEther.RootComplex.Functions.Sharing;

namespace ExpEther.Bridge.Tests.Io.Rig;

/// <summary>One I/O bridge with test devices, and scripted hosts at the other ends of its links, in virtual time.</summary>
internal sealed class IoRig
{
    public static readonly MacAddress BoxMac = new(0x02_00_00_00_00_01);

    private readonly byte[] _frame = new byte[16384];
    private readonly int _mtuBytes;
    private readonly TimeSpan _releaseTimeout;
    private readonly int _hostCount;
    private readonly bool _sameVlan;
    private readonly (IPcieDevice Device, int Vfs)[] _shared;
    private readonly Func<IoBridgeOptions, IoBridgeOptions> _change;
    private readonly IPhysicalFunctionDriver? _driver;

    public IoRig(
        int hosts = 1, TestDevice[]? devices = null, int mtuBytes = 1500, MemoryOwnershipStore? store = null, TimeSpan? releaseTimeout = null,
        ulong seed = 1, bool sameVlan = false, (IPcieDevice Device, int Vfs)[]? shared = null, Func<IoBridgeOptions, IoBridgeOptions>? change = null,
        IPhysicalFunctionDriver? driver = null)
    {
        _shared = shared ?? [];
        _change = change ?? (options => options);
        _driver = driver;
        _sameVlan = sameVlan;
        _mtuBytes = mtuBytes;
        _hostCount = hosts;
        _releaseTimeout = releaseTimeout ?? TimeSpan.FromSeconds(60);
        Store = store ?? new MemoryOwnershipStore();
        Devices = devices ?? (shared is null ? [new TestDevice()] : []);
        Hosts = [.. Enumerable.Range(0, hosts).Select(i => new ScriptedHost(
            $"host{i + 1}", VlanOf(i), HostMac(i), BoxMac, Key, mtuBytes, seed + 100 + (ulong)i, Events))];
        Bridge = MakeBridge(seed);
    }

    public static byte[] Key { get; } = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];

    public OwnerScheduler Scheduler { get; private set; } = new();

    public EventLog Events { get; } = new();

    public MemoryOwnershipStore Store { get; }

    public TestDevice[] Devices { get; }

    public TestDevice Device => Devices[0];

    public ScriptedHost[] Hosts { get; }

    public ScriptedHost Host => Hosts[0];

    public IoBridge Bridge { get; private set; }

    public Instant Now { get; private set; } = new(1_000_000);

    /// <summary>VLAN IDs of the first frames that the box sent.</summary>
    public List<ushort> VlansSent { get; } = new(4096);

    public IoFunctionStatus Status => Bridge.Status().Functions[0];

    public IoFunctionStatus StatusOf(string name) => Bridge.Status().Functions.Single(f => f.Name == name);

    public static MacAddress HostMac(int index) => new(0x02_00_00_00_01_00 + (ulong)index);

    /// <summary>Enumerates and brings all links up.</summary>
    public IoRig Start()
    {
        foreach (var host in Hosts)
        {
            host.Link.Open(Now);
        }

        Scheduler.Start(Bridge.StartAsync);
        Run(() => Array.TrueForAll(Hosts, h => h.IsUp || h.IsCut), 30);
        return this;
    }

    /// <summary>Starts, and gives the first function to the first host, which maps BAR 0 at <paramref name="memH"/> and turns MSE and BME on.</summary>
    public IoRig StartAndPlug(ulong memH = 0x80_0000_0000, uint memH32 = 0xE000_0000)
    {
        Start();
        Plug("nvme0", Host, memH, memH32);
        return this;
    }

    public BridgeResult Plug(string function, ScriptedHost host, ulong memH = 0x80_0000_0000, uint memH32 = 0xE000_0000)
    {
        var result = Await(Bridge.AttachAsync(function, host.Name));
        Assert.True(result.Ok, result.Message);
        Map(host, memH, memH32);
        return result;
    }

    public void Map(ScriptedHost host, ulong memH = 0x80_0000_0000, uint memH32 = 0xE000_0000)
    {
        var before = host.Tlps.Count;
        host.ConfigWrite(ConfigRegister.Bar0, (uint)memH, tag: 0xC2);
        host.ConfigWrite(ConfigRegister.Bar0 + 4, (uint)(memH >> 32), tag: 0xC3);
        host.ConfigWrite(ConfigRegister.Bar0 + 8, memH32, tag: 0xC4);
        host.ConfigWrite(ConfigRegister.Command, ConfigRegister.CommandMemorySpaceEnable | ConfigRegister.CommandBusMasterEnable, 0b0011, 0xC5);
        Run(() => host.Tlps.Count == before + 4);
        host.Tlps.Clear();
        foreach (var device in Devices)
        {
            device.Received.Clear();
            device.ConfigReceived.Clear();
        }
    }

    public T Await<T>(Task<T> task, int seconds = 300)
    {
        Run(() => task.IsCompleted, seconds);
        return task.GetAwaiter().GetResult();
    }

    /// <summary>Runs until the condition holds; fails when it does not within the virtual time given.</summary>
    public void Run(Func<bool> until, int seconds = 10)
    {
        var end = Now + TimeSpan.FromSeconds(seconds);
        while (!until())
        {
            Assert.True(Now < end, $"not reached within {seconds} virtual seconds; events: {string.Join(" | ", Events.Lines)}");
            if (!Turn())
            {
                Advance(end);
            }
        }
    }

    /// <summary>Runs for a span of virtual time.</summary>
    public void RunFor(TimeSpan span)
    {
        var end = Now + span;
        while (Now < end)
        {
            if (!Turn())
            {
                Advance(end);
            }
        }

        Turn();
    }

    /// <summary>Runs until nothing is left to do at this instant and a millisecond more.</summary>
    public void Settle() => RunFor(TimeSpan.FromMilliseconds(1));

    /// <summary>The box's daemon is killed and started again on the same store and devices.</summary>
    public void RestartBridge(ulong seed = 99)
    {
        Scheduler = new OwnerScheduler();
        Scheduler.Advance(Now);
        Bridge = MakeBridge(seed);
        Scheduler.Start(Bridge.StartAsync);
    }

    /// <summary>Where the host sees the PCIe capability: found as an operating system finds it.</summary>
    public int ShownPcieOffset() => Shown(CapabilityId.PciExpress);

    /// <summary>Finds a capability in what the host is shown.</summary>
    public int Shown(CapabilityId id)
    {
        var walk = CapabilityWalk.For(id);
        while (!walk.IsDone)
        {
            walk.Feed(ReadShown(walk.Register));
        }

        return walk.Found;
    }

    /// <summary>Reads a register as the host does.</summary>
    public uint ReadShown(int register)
    {
        var before = Host.Tlps.Count;
        Host.ConfigRead(register);
        Run(() => Host.Tlps.Count == before + 1);
        var payload = BinaryPrimitives.ReadUInt32LittleEndian(Host.Tlps[^1].View.Payload);
        Host.Tlps.RemoveAt(before);
        return payload;
    }

    public void DeliverToBridge(ReadOnlySpan<byte> frame) => Bridge.OnFrame(Parse(frame), Now);

    private VlanId VlanOf(int host) => new((ushort)(_sameVlan ? 11 : 11 + host));

    private static ReceivedFrame Parse(ReadOnlySpan<byte> frame) => new(
        MacAddress.Read(frame), MacAddress.Read(frame[6..]), new VlanId((ushort)(BinaryPrimitives.ReadUInt16BigEndian(frame[14..]) & 0xFFF)),
        frame[18..]);

    /// <summary>One turn, and on in time when there was nothing to do.</summary>
    public void Step()
    {
        if (!Turn())
        {
            Advance(Now + TimeSpan.FromMilliseconds(1));
        }
    }

    public bool Turn()
    {
        Scheduler.Advance(Now);
        var moved = Scheduler.RunReady() > 0;
        moved |= Bridge.Poll(Now);
        while (Bridge.TryTakeFrame(Now, _frame, out var length))
        {
            moved = true;
            var frame = Parse(_frame.AsSpan(0, length));
            if (VlansSent.Count < 4096)
            {
                VlansSent.Add(frame.Vlan.Value);
            }

            foreach (var host in Hosts)
            {
                if (!host.IsCut && host.Vlan == frame.Vlan && host.Mac == frame.Destination)
                {
                    host.Link.OnFrame(frame, Now);
                }
            }
        }

        foreach (var host in Hosts)
        {
            host.Link.OnTime(Now);
            while (host.Link.TryTakeFrame(Now, _frame, out var length))
            {
                moved = true;
                if (!host.IsCut)
                {
                    Bridge.OnFrame(Parse(_frame.AsSpan(0, length)), Now);
                }
            }
        }

        return moved || Scheduler.HasReady;
    }

    private void Advance(Instant end)
    {
        Instant? next = Instant.Earliest(Scheduler.NextDeadline, Bridge.NextDeadline);
        foreach (var host in Hosts)
        {
            next = Instant.Earliest(next, host.Link.NextDeadline);
        }

        var step = Now + TimeSpan.FromMicroseconds(10);
        Now = next is { } at ? Instant.Min(end, at > step ? at : step) : end;
    }

    private IoBridge MakeBridge(ulong seed)
    {
        Scheduler.Advance(Now);
        var bridge = new IoBridge(
            _change(new IoBridgeOptions
            {
                Name = "box1",
                Mac = BoxMac,
                MtuBytes = _mtuBytes,
                ReleaseTimeout = _releaseTimeout,
                Hosts = [.. Enumerable.Range(0, _hostCount).Select(i => new IoHostOptions
                {
                    Name = $"host{i + 1}", Vlan = VlanOf(i), Mac = HostMac(i), Key = Key,
                })],
            }),
            Store, Scheduler, new SeededRandom(seed), Events);
        if (_driver is not null)
        {
            bridge.AddDriver(_driver);
        }

        for (var i = 0; i < Devices.Length; i++)
        {
            bridge.AddDevice($"nvme{i}", Devices[i]);
        }

        for (var i = 0; i < _shared.Length; i++)
        {
            bridge.AddDevice($"odd{i}", _shared[i].Device, _shared[i].Vfs);
        }

        return bridge;
    }
}
