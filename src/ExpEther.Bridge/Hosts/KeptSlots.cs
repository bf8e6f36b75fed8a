using ExpEther.Bridge.Protocol;
using ExpEther.Link;
using ExpEther.Link.Ethernet;

namespace ExpEther.Bridge.Hosts;

/// <summary>
/// Which slot is kept for which function, over links, boxes and lives of this bridge. A function is known by its box and its name there: numbers and
/// the time at which it comes say nothing.
/// <para>
/// A function gets, of the empty slots: the one that is demanded for it; its own; the one that its box remembers, if that is kept for no other; the
/// lowest that is kept for no function that is expected; the lowest of all, which its function then loses.
/// </para>
/// </summary>
internal sealed class KeptSlots
{
    private readonly KeptSlot?[] _kept;
    private readonly ISlotStore? _store;

    /// <param name="slots">How many the bridge has.</param>
    /// <param name="store">Null: nothing outlives the bridge.</param>
    public KeptSlots(int slots, ISlotStore? store)
    {
        _kept = new KeptSlot?[slots];
        _store = store;
        foreach (var kept in store?.Load() ?? [])
        {
            // A bridge that has been given fewer slots has lost those above.
            if (kept.Slot >= 1 && kept.Slot <= slots && NodeName.IsValid(kept.Function) && Of(kept.Box, kept.Function) is null)
            {
                _kept[kept.Slot - 1] = kept;
            }
        }
    }

    /// <summary>Whose the slot is; null: nobody's.</summary>
    /// <param name="slot">From 1.</param>
    public KeptSlot? this[int slot] => _kept[slot - 1];

    public IEnumerable<KeptSlot> All => _kept.OfType<KeptSlot>();

    /// <returns>The slot that is the function's, there or not; null: none.</returns>
    public KeptSlot? Of(MacAddress box, string function) => Array.Find(_kept, kept => kept?.Box == box && kept.Function == function);

    /// <summary>Chooses a slot by the rules above.</summary>
    /// <param name="box">The function's.</param>
    /// <param name="present">What the box says of it; a slot that is demanded is one of the bridge's.</param>
    /// <param name="isEmpty">Of a slot, from 1.</param>
    /// <param name="isUsable">Whether an empty slot can be had by the host at once; one that cannot is taken when there is no other.</param>
    /// <returns>Null: no slot is empty, or the one that is demanded is not.</returns>
    public int? Choose(MacAddress box, in PresentMessage present, Func<int, bool> isEmpty, Func<int, bool> isUsable)
    {
        if (present.IsSlotDemanded)
        {
            return isEmpty(present.Slot) ? present.Slot : null;
        }

        if (Of(box, present.Name) is { } own && isEmpty(own.Slot))
        {
            return own.Slot;
        }

        if (present.Slot >= 1 && present.Slot <= _kept.Length && isEmpty(present.Slot) && !IsExpected(present.Slot))
        {
            return present.Slot;
        }

        return Lowest(slot => isEmpty(slot) && !IsExpected(slot) && isUsable(slot))
            ?? Lowest(slot => isEmpty(slot) && !IsExpected(slot))
            ?? Lowest(isEmpty);
    }

    /// <summary>The slot is this function's from now on, and no other is.</summary>
    public void Keep(int slot, MacAddress box, string function)
    {
        var kept = new KeptSlot(slot, box, function, true);
        if (_kept[slot - 1] == kept)
        {
            return;
        }

        if (Of(box, function) is { } before)
        {
            _kept[before.Slot - 1] = null;
        }

        _kept[slot - 1] = kept;
        Save();
    }

    /// <summary>The function is not this host's: others may have its slot.</summary>
    public void Forget(MacAddress box, string function)
    {
        if (Of(box, function) is { IsExpected: true } kept)
        {
            _kept[kept.Slot - 1] = kept with { IsExpected = false };
            Save();
        }
    }

    private bool IsExpected(int slot) => _kept[slot - 1] is { IsExpected: true };

    private int? Lowest(Func<int, bool> condition)
    {
        for (var slot = 1; slot <= _kept.Length; slot++)
        {
            if (condition(slot))
            {
                return slot;
            }
        }

        return null;
    }

    private void Save() => _store?.Save([.. All]);
}
