using ExpEther.Backends.Ram;
using ExpEther.Bridge.Io;
using ExpEther.Bridge.Io.Namespaces;
using ExpEther.Nvme.Controller;
using ExpEther.Nvme.Driver;
using ExpEther.Nvme.Pool;
using ExpEther.Nvme.Protocol;
using ExpEther.Pcie;
using ExpEther.Pcie.Config;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Bridge.Tests.Fabric;

/// <summary>A fabric whose box has one NVMe with SR-IOV: a namespace that all hosts share, and a pool for private ones.</summary>
internal sealed class SharedDisk
{
    public const int SharedBytes = 1 << 20;
    public const int MiB = 1 << 20;

    private readonly RamBackend _shared = new(SharedBytes);
    private readonly RamBackend _pool = new(64 << 20);
    private ulong _life = 4;

    public SharedDisk(int hosts = 3, int vfs = 3)
    {
        Vfs = vfs;
        for (var i = 1; i <= hosts; i++)
        {
            Fabric.AddHost($"host{i}", 100 + i);
        }

        Device = Make();
        Box = Fabric.AddBox("box1", AddDevices);
        Fabric.Start();
    }

    /// <summary>On a fabric that has its hosts and guests already.</summary>
    public SharedDisk(TestFabric fabric, int vfs = 3)
    {
        Fabric = fabric;
        Vfs = vfs;
        Device = Make();
        Box = Fabric.AddBox("box1", AddDevices);
        Fabric.Start();
    }

    public TestFabric Fabric { get; } = new();

    public FabricBox Box { get; private set; }

    public int Vfs { get; }

    public NvmeSrIovDevice Device { get; private set; }

    public IoBridge Bridge => Box.Bridge;

    public FabricHost Host(int number) => Fabric.Hosts[number - 1];

    public NvmeDisk DiskOf(int host) => Host(host).Nvme.Disks[0];

    /// <summary>NSIDs that a host sees by its first disk.</summary>
    public uint[] SeenBy(int host) => [.. DiskOf(host).Namespaces.Select(n => n.Id)];

    public BridgeResult Attach(int vf, int host) => Fabric.Attach(Box, $"disk.vf{vf}", Host(host));

    public NamespaceReply Do(Func<IoBridge, Task<NamespaceReply>> command) => Fabric.Run(() => command(Bridge));

    /// <summary>Makes a private namespace; its NSID.</summary>
    public uint Create(int host, int mib = 2)
    {
        var reply = Do(b => b.CreateNamespaceAsync("disk", (ulong)mib * MiB, $"host{host}"));
        Assert.True(reply.Ok, reply.Message);
        Assert.Equal($"host{host}", reply.Namespace!.Owner);
        return reply.Namespace.Id;
    }

    public NamespaceStatus? Status(uint id) =>
        Fabric.Run(() => Bridge.NamespacesAsync("disk")).Single().Namespaces.SingleOrDefault(n => n.Id == id);

    public NvmeResult Write(int host, uint nsid, ulong seed, ulong lba = 0) =>
        Fabric.Run(() => TestDisk.WriteAsync(Host(host), DiskOf(host), lba, 8, seed, nsid));

    public bool Holds(int host, uint nsid, ulong seed, ulong lba = 0)
    {
        var (result, isRight) = Fabric.Run(() => TestDisk.VerifyAsync(Host(host), DiskOf(host), lba, 8, seed, nsid));
        return result.IsSuccess && isRight;
    }

    /// <summary>Somebody clears CC.EN of the primary controller behind its driver's back.</summary>
    public void ResetPrimary()
    {
        var device = Device.Primary;
        Span<byte> tlp = stackalloc byte[32];
        var address = (device.Config.Read(ConfigRegister.Bar0) & ~0xFU) | ((ulong)device.Config.Read(ConfigRegister.Bar0 + 4) << 32);
        var length = new MemoryWrite(new Rid(0, 1, 0), address + NvmeRegister.Cc).Write(tlp, stackalloc byte[4]);
        Assert.True(Device.TryAccept(tlp[..length], Fabric.Now));
    }

    /// <summary>The box's process ends and starts again; the disks under the device stay.</summary>
    public void Restart()
    {
        Device = Make();
        Fabric.Restart(Box, AddDevices);
        Box = Fabric.Boxes[0];
    }

    private NvmeSrIovDevice Make() => new(
        new NvmeSrIovOptions
        {
            Primary = new NvmeControllerOptions
            {
                SerialNumber = "SHARED", Namespaces = [new NvmeNamespaceOptions { Backend = _shared, Shared = true }],
            },
            Pool = new NamespacePool(_pool, new SeededRandom(++_life)),
            TotalVfs = 4,
        },
        Fabric.Events);

    private void AddDevices(IoBridge bridge)
    {
        bridge.AddDriver(new NvmePhysicalFunctionDriver(Fabric.Events));
        bridge.AddDevice("disk", Device, Vfs);
    }
}
