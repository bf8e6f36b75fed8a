using ExpEther.Bridge.Hosts;
using ExpEther.Core.Time;
using ExpEther.Ethernet.Switch;
using ExpEther.Link.Ethernet;
using ExpEther.RootComplex.Guests;

namespace ExpEther.Bridge.Tests.Fabric;

/// <summary>A guest of the fabric: its root complex on a host bridge on a port of the switch, below a scripted monitor.</summary>
internal sealed class FabricGuest(GuestRootComplex root, GuestMachine machine, HostBridge bridge, MemoryPort port)
{
    private readonly GuestWire _wire = new(root, bridge);
    private readonly byte[] _frame = new byte[9100];

    public GuestRootComplex Root { get; } = root;

    public GuestMachine Machine { get; } = machine;

    public HostBridge Bridge { get; } = bridge;

    public MemoryPort Port { get; } = port;

    public string Name => Bridge.Options.Name;

    public MacAddress Mac => Bridge.Options.Mac;

    public VlanId Vlan => Bridge.Options.Vlan;

    public Instant? NextDeadline => Instant.Earliest(Root.NextDeadline, Bridge.NextDeadline);

    public GuestSlot Slot(int number) => Root.Slots[number - 1];

    public SlotStatus Status(int slot) => Bridge.Status().Slots[slot - 1];

    public bool Turn(Instant now)
    {
        var busy = false;
        while (Port.TryReceive(out var frame))
        {
            busy = true;
            Bridge.OnFrame(frame, now);
            Port.Release();
        }

        busy |= Root.Poll(now);
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
