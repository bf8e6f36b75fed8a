using ExpEther.Bridge.Hosts;
using ExpEther.Core.Time;
using ExpEther.Ethernet.Switch;
using ExpEther.Link.Ethernet;
using ExpEther.Nvme.Driver;
using ExpEther.Pcie.Ports;
using ExpEther.RootComplex;

namespace ExpEther.Bridge.Tests.Fabric;

/// <summary>A host of the fabric: an embedded root complex on a host bridge on a port of the switch.</summary>
internal sealed class FabricHost(HostRootComplex rootComplex, HostBridge bridge, MemoryPort port, ProbeDriver probes, NvmeDriver nvme)
{
    private readonly TlpWire _wire = new(rootComplex, bridge);
    private readonly byte[] _frame = new byte[9100];

    public HostRootComplex RootComplex { get; } = rootComplex;

    public HostBridge Bridge { get; } = bridge;

    public MemoryPort Port { get; } = port;

    public ProbeDriver Probes { get; } = probes;

    /// <summary>Disks that the NVMe driver has taken into use.</summary>
    public int Disks => Nvme.Disks.Count;

    public NvmeDriver Nvme { get; } = nvme;

    public string Name => Bridge.Options.Name;

    public MacAddress Mac => Bridge.Options.Mac;

    public VlanId Vlan => Bridge.Options.Vlan;

    public Instant? NextDeadline => Instant.Earliest(RootComplex.NextDeadline, Bridge.NextDeadline);

    public bool Turn(Instant now)
    {
        var busy = false;
        while (Port.TryReceive(out var frame))
        {
            busy = true;
            Bridge.OnFrame(frame, now);
            Port.Release();
        }

        busy |= RootComplex.Poll(now);
        busy |= _wire.Pump(now, 256);
        busy |= Bridge.Poll(now);
        while (Bridge.TryTakeFrame(now, _frame, out var length))
        {
            busy = true;
            Port.TrySend(_frame.AsSpan(0, length));
        }

        return busy;
    }
}
