namespace ExpEther.Bridge.Io.Devices;

/// <summary>Whoever drives the physical functions of the box's devices, from the bring-up's point of view.</summary>
internal interface IPhysicalFunctionKeeper
{
    /// <summary>
    /// The virtual functions of a device are enabled and decode memory, and nobody has looked at them yet: what they have to be given by
    /// their PF, such as interrupts, is given now.
    /// </summary>
    /// <returns>Empty; else why they cannot be used.</returns>
    Task<string> OnVirtualFunctionsEnabledAsync(BusDevice device);

    /// <summary>The device is not used any more.</summary>
    void OnRemoved(BusDevice device);
}
