namespace ExpEther.RootComplex;

/// <summary>IDs that the embedded root port shows; the vendor ID is Red Hat's, whose range for QEMU's generic PCI Express root port this is.</summary>
internal static class RootPortIds
{
    public const ushort VendorId = 0x1B36;
    public const ushort DeviceId = 0x000C;
}
