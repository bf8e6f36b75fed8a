using ExpEther.Pcie;
using ExpEther.RootComplex.Memory;

namespace ExpEther.RootComplex.Guests;

/// <summary>
/// What a virtual machine monitor does for the slots of a guest: shows a function to the guest and takes it away, and gives DMA its way into the
/// guest's memory. All of it is called on the owner's thread.
/// </summary>
public interface IGuestMachine
{
    /// <summary>
    /// The function in the slot answers: makes the guest see it. Runs on the scheduler and is bounded. How it goes is said by
    /// <see cref="GuestSlot.Say"/>, during this or later; one that says nothing has shown it when this ends.
    /// </summary>
    /// <returns>False: it cannot be shown now; the slot is powered off, and its box shows it again later.</returns>
    Task<bool> PlugAsync(GuestSlot slot);

    /// <summary>
    /// Has the guest let go, and ends when the guest can reach the slot's function no more, however the guest behaves: bounded. With
    /// <paramref name="surprise"/> the function is gone already.
    /// </summary>
    Task UnplugAsync(GuestSlot slot, bool surprise);

    /// <summary>The function is gone, now; <see cref="UnplugAsync"/> follows. Called from within the bridge: must not call back.</summary>
    void MarkGone(GuestSlot slot);

    /// <summary>The guest's memory as the function in this slot may reach it; the same object for the life of the machine.</summary>
    /// <param name="slot">Physical slot number, from 1.</param>
    IHostMemory MemoryOf(int slot);

    /// <summary>Whether the guest has let go of what was in the slot before, so that a function can be shown in it.</summary>
    /// <param name="slot">Physical slot number, from 1.</param>
    bool CanTake(int slot) => true;

    /// <summary>An interrupt message of the slot's function.</summary>
    /// <param name="slot">Whose function raised it.</param>
    /// <param name="address">As programmed into the function's MSI-X table.</param>
    /// <param name="data">As programmed there.</param>
    void RaiseInterrupt(GuestSlot slot, HostAddress address, uint data);
}
