using ExpEther.Bridge.Protocol;
using ExpEther.Core.Time;

namespace ExpEther.Bridge.Hosts;

/// <summary>
/// Which function is in which slot. A function comes back to the slot it was in before, if that is empty; else it gets the first that
/// nobody was in, else the first empty one.
/// </summary>
internal sealed class SlotTable(DownstreamSlot[] slots)
{
    /// <summary>A rule that is not kept.</summary>
    public BrokenRule Broken { get; set; }

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
        var slot = Find(box, present.Function);
        if (slot?.Occupant is { } before)
        {
            if (before.Generation == present.Generation)
            {
                // Told twice.
                return null;
            }

            slot.Remove(now);
        }

        slot ??= ChooseEmpty((box.Mac.Value, present.Function));
        slot?.Insert(new SlotOccupant(box, present), now);
        return slot is null ? RefusalReason.NoFreeSlot : null;
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

    private DownstreamSlot? ChooseEmpty((ulong Box, ushort Function) key)
    {
        DownstreamSlot? fresh = null;
        DownstreamSlot? used = null;
        foreach (var slot in slots)
        {
            if (slot.Occupant is not null)
            {
                continue;
            }

            if (slot.LastKey == key)
            {
                return slot;
            }

            if (slot.LastKey is null)
            {
                fresh ??= slot;
            }

            used ??= slot;
        }

        return fresh ?? used;
    }
}
