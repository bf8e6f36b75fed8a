using ExpEther.RootComplex.Enumeration;

namespace ExpEther.RootComplex.HotPlug;

/// <summary>What a slot's controller has done to the functions below it.</summary>
internal interface ISlotFunctions
{
    /// <summary>Enumerates what is below the port and takes it into use.</summary>
    /// <returns>Null; or why it cannot be used, and the slot is to be powered off again.</returns>
    Task<string?> AddAsync(PciNode port);

    /// <summary>Unbinds drivers and forgets the functions; with <paramref name="surprise"/> they are gone already.</summary>
    Task RemoveAsync(PciNode port, bool surprise);

    /// <summary>Tells the functions below at once that they are gone; the rest follows by <see cref="RemoveAsync"/>.</summary>
    void MarkGone(PciNode port);
}
