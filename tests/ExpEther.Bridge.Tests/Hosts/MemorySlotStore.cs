using ExpEther.Bridge.Hosts;

namespace ExpEther.Bridge.Tests.Hosts;

/// <summary>What one life of a bridge leaves to the next.</summary>
internal sealed class MemorySlotStore : ISlotStore
{
    public IReadOnlyList<KeptSlot> Slots { get; private set; } = [];

    public IReadOnlyList<KeptSlot> Load() => Slots;

    public void Save(IReadOnlyList<KeptSlot> slots) => Slots = slots;
}
