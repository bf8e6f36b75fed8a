using ExpEther.Pcie;

namespace ExpEther.Bridge.Hosts;

/// <summary>One downstream port of the switch that the host sees, and what is plugged into it.</summary>
/// <param name="Slot">Its physical slot number, from 1; its device number on the switch's internal bus is one less.</param>
/// <param name="State">Empty, off, on or being released.</param>
/// <param name="Port">The downstream port's own ID, as the host's enumeration gave it; 00:00.0 before.</param>
/// <param name="Function">The function in the slot; null when empty.</param>
/// <param name="Kept">The function that the slot belongs to, there or not; null: none was ever in it.</param>
/// <param name="Counters">Since the bridge started.</param>
public sealed record SlotStatus(int Slot, SlotState State, Rid Port, PluggedFunction? Function, KeptSlot? Kept, SlotCounters Counters);
