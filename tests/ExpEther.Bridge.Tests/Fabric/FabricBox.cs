using ExpEther.Bridge.Io;
using ExpEther.Bridge.Io.Status;
using ExpEther.Core.Time;
using ExpEther.Ethernet.Switch;
using ExpEther.Link.Ethernet;

namespace ExpEther.Bridge.Tests.Fabric;

/// <summary>An I/O box of the fabric on a port of the switch.</summary>
internal sealed class FabricBox(IoBridge bridge, MemoryPort port, MemoryStore store)
{
    private readonly byte[] _frame = new byte[9100];

    public IoBridge Bridge { get; } = bridge;

    public MemoryPort Port { get; } = port;

    public MemoryStore Store { get; } = store;

    /// <summary>Its process has ended.</summary>
    public bool IsOff { get; set; }

    public Instant? NextDeadline => IsOff ? null : Bridge.NextDeadline;

    public MacAddress Mac => Bridge.Options.Mac;

    public IoFunctionStatus Function(string name) => Bridge.Status().Functions.Single(f => f.Name == name);

    public bool Turn(Instant now)
    {
        var busy = false;
        while (Port.TryReceive(out var frame))
        {
            busy = true;
            if (!IsOff)
            {
                Bridge.OnFrame(frame, now);
            }

            Port.Release();
        }

        if (IsOff)
        {
            return busy;
        }

        busy |= Bridge.Poll(now);
        while (Bridge.TryTakeFrame(now, _frame, out var length))
        {
            busy = true;
            Port.TrySend(_frame.AsSpan(0, length));
        }

        return busy;
    }
}
