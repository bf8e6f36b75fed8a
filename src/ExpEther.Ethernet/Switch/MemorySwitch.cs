using ExpEther.Core.Time;
using ExpEther.Ethernet.Frames;

namespace ExpEther.Ethernet.Switch;

/// <summary>A <see cref="VlanSwitch"/> inside a process whose ports are <see cref="Link.Ethernet.IFramePort"/>s: for tests, simulation and embedding.</summary>
public sealed class MemorySwitch(IRandomSource random)
{
    public const int DefaultMtuBytes = 1500;

    /// <summary>The switching logic: faults, counts.</summary>
    public VlanSwitch Switch { get; } = new(random);

    public Instant Now { get; private set; }

    /// <summary>Sees every frame that a port sends into the switch.</summary>
    public SwitchTap? Tap { get; set; }

    /// <summary>When a waiting frame is due; null: none waits.</summary>
    public Instant? NextDeadline => Switch.NextDeadline;

    /// <summary>Adds a port.</summary>
    /// <param name="name">Unique.</param>
    /// <param name="mode">Which VLANs; null: a trunk of all.</param>
    /// <param name="mtuBytes">The largest payload after the tag and EtherType.</param>
    /// <param name="etherType">Frames of another EtherType do not come out of this port.</param>
    public MemoryPort AddPort(
        string name, SwitchPortMode? mode = null, int mtuBytes = DefaultMtuBytes, ushort etherType = EthernetHeader.ExpEtherType) =>
        new(this, Switch.AddPort(name, mode ?? SwitchPortMode.TrunkOfAll, mtuBytes), name, mtuBytes, etherType);

    /// <summary>Sets the time: delayed frames that are due come out, learned addresses age. Without delays it need not be called.</summary>
    public void Advance(Instant now)
    {
        Check.That(now >= Now);
        Now = now;
    }
}
