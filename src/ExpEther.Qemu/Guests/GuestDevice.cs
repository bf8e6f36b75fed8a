namespace ExpEther.Qemu.Guests;

/// <summary>Where a guest sees a device (query-pci).</summary>
/// <param name="Bus">As the guest, or its firmware, numbered it.</param>
/// <param name="Device">On the bus.</param>
/// <param name="Function">Of the device.</param>
/// <param name="HasAddresses">Its BARs answer to addresses. QEMU tells them only while memory decoding is on, so that a driver of the guest's has it.</param>
public readonly record struct GuestDevice(int Bus, int Device, int Function, bool HasAddresses)
{
    /// <summary>As lspci prints it: <c>bb:dd.f</c>.</summary>
    public override string ToString() => $"{Bus:x2}:{Device:x2}.{Function}";
}
