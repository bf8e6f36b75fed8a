using ExpEther.Bridge.Protocol;
using ExpEther.Core.Time;
using ExpEther.RootComplex;

namespace ExpEther.Bridge.Hosts;

/// <summary>Which function is in which slot, and which slot is kept for which (<see cref="KeptSlots"/>).</summary>
internal sealed class SlotTable(DownstreamSlot[] slots, KeptSlots kept, IHostAttachment host, IEventSink events, string name)
{
    /// <summary>A rule that is not kept.</summary>
    public BrokenRule Broken { get; set; }

    public KeptSlots Kept => kept;

    /// <returns>The slot that holds the function, or is to hold it.</returns>
    public DownstreamSlot? Find(BoxLink box, ushort function)
    {
        foreach (var slot in slots)
        {
            if (slot.Occupant is { } occupant
                && (occupant.Function == function || Broken == BrokenRule.HostFunction)
                && (occupant.Box == box || Broken == BrokenRule.HostBox))
            {
                return slot;
            }
        }

        return null;
    }

    /// <returns>The slot that holds this very assignment.</returns>
    public DownstreamSlot? Find(BoxLink box, ushort function, ulong generation) =>
        Find(box, function) is { } slot && (slot.Occupant!.Generation == generation || Broken == BrokenRule.HostGeneration) ? slot : null;

    /// <returns>Why the function is not taken; null when it is.</returns>
    public RefusalReason? TryInsert(BoxLink box, in PresentMessage present, Instant now)
    {
        if (Find(box, present.Function) is { Occupant: { } before } holder)
        {
            if (before.Generation == present.Generation)
            {
                // Told twice.
                return null;
            }

            holder.Remove(now);
        }

        if (present.IsSlotDemanded && (present.Slot < 1 || present.Slot > slots.Length))
        {
            return RefusalReason.NoSuchSlot;
        }

        if (kept.Choose(box.Mac, present, slot => slots[slot - 1].Occupant is null, host.CanTake) is not { } number)
        {
            return present.IsSlotDemanded ? RefusalReason.SlotTaken : RefusalReason.NoFreeSlot;
        }

        if (kept[number] is { IsExpected: true } other && (other.Box != box.Mac || other.Function != present.Name))
        {
            events.Report(
                EventSeverity.Warning, name,
                $"slot {number} was kept for {other.Function} of {other.Box}, which is not there; it goes to {present.Name} of {box.Name}: "
                + (present.IsSlotDemanded ? "it was asked for" : "no other is free"));
        }

        kept.Keep(number, box.Mac, present.Name);
        slots[number - 1].Insert(new SlotOccupant(box, present), now);
        return null;
    }

    /// <summary>Empties every slot of a box whose link is gone.</summary>
    /// <returns>How many.</returns>
    public int RemoveAll(BoxLink box, Instant now)
    {
        var removed = 0;
        foreach (var slot in slots)
        {
            if (slot.Occupant?.Box == box)
            {
                slot.Remove(now);
                removed++;
            }
        }

        return removed;
    }
}
