namespace ExpEther.Bridge.Hosts;

/// <summary>Keeps over restarts which slot is whose.</summary>
public interface ISlotStore
{
    /// <summary>What was saved last; empty: nothing was, or it cannot be read.</summary>
    IReadOnlyList<KeptSlot> Load();

    /// <summary>Starts to write; it replaces what was saved before, whole or not at all. Returns at once.</summary>
    void Save(IReadOnlyList<KeptSlot> slots);
}
