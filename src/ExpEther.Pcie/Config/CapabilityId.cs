namespace ExpEther.Pcie.Config;

/// <summary>Capability IDs in the first 256 bytes (PCI Code and ID Assignment specification, §2).</summary>
public enum CapabilityId : byte
{
    None = 0,
    PowerManagement = 0x01,
    Msi = 0x05,
    VendorSpecific = 0x09,
    SubsystemVendorId = 0x0D,
    PciExpress = 0x10,
    Msix = 0x11,
}
