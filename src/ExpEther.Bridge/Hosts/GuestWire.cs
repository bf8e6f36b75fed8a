using ExpEther.Core.Stages;
using ExpEther.Core.Time;
using ExpEther.Pcie.Ports;
using ExpEther.RootComplex.Guests;

namespace ExpEther.Bridge.Hosts;

/// <summary>
/// Joins a guest's root complex and its host bridge: the switch by one wire, each slot by its own, so that what a slot's link does not take waits
/// for that slot alone.
/// </summary>
public sealed class GuestWire
{
    private readonly TlpWire _ports;
    private readonly TlpWire[] _slots;

    /// <param name="root">Has as many slots as the bridge.</param>
    /// <param name="bridge">Its attachment is <paramref name="root"/>.</param>
    public GuestWire(GuestRootComplex root, HostBridge bridge)
    {
        Check.That(root.Slots.Count == bridge.Options.Slots);
        var stages = bridge.Options.Stages ?? new StageClock(null);
        _ports = new TlpWire(new StagedPort(root, stages, Stage.Attachment), bridge);
        _slots = [.. root.Slots.Select(slot => new TlpWire(new StagedPort(slot, stages, Stage.Attachment), bridge.DoorOf(slot.Number)))];
    }

    /// <summary>Moves what can be moved, at most <paramref name="budget"/> TLPs each way on each wire.</summary>
    /// <returns>True when anything moved.</returns>
    public bool Pump(Instant now, int budget)
    {
        var moved = _ports.Pump(now, budget);
        foreach (var slot in _slots)
        {
            moved |= slot.Pump(now, budget);
        }

        return moved;
    }
}
