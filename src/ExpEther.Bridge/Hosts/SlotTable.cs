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
            if (!slot.IsHeld && slot.Occupant is { } occupant
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
        foreach (var held in slots)
        {
            if (held.IsHeld && held.Occupant!.Box == box && held.Occupant.Name == present.Name)
            {
                if (held.TryContinue(box, present, now))
                {
                    return null;
                }

                held.Remove(now);
            }
        }

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

    /// <summary>Holds the slots of a box that is away and may come back; those that cannot be held stay as they are.</summary>
    /// <returns>How many are held.</returns>
    public int Hold(BoxLink box, Instant until, Instant now)
    {
        var held = 0;
        foreach (var slot in slots)
        {
            held += slot.Occupant?.Box == box && slot.TryHold(until, now) ? 1 : 0;
        }

        return held;
    }

    /// <summary>The link of the box is there again: what it does not present soon, it does not have.</summary>
    public void Expect(BoxLink box, Instant until)
    {
        foreach (var slot in slots)
        {
            if (slot.Occupant?.Box == box)
            {
                slot.Expect(until);
            }
        }
    }

    /// <summary>Empties every slot of a box whose link is gone, but those that are held for it, if they are to be spared.</summary>
    /// <returns>How many.</returns>
    public int RemoveAll(BoxLink box, bool spareHeld, Instant now)
    {
        var removed = 0;
        foreach (var slot in slots)
        {
            if (slot.Occupant?.Box == box && !(spareHeld && slot.IsHeld))
            {
                slot.Remove(now);
                removed++;
            }
        }

        return removed;
    }
}
