namespace ExpEther.Pcie.Config;

/// <summary>Extended capability IDs, from 100h on (PCI Code and ID Assignment specification, §3).</summary>
public enum ExtendedCapabilityId : ushort
{
    None = 0,
    AdvancedErrorReporting = 0x0001,
    DeviceSerialNumber = 0x0003,
    VendorSpecific = 0x000B,
    AccessControlServices = 0x000D,
    AlternativeRoutingId = 0x000E,
    AddressTranslation = 0x000F,
    SingleRootIoVirtualization = 0x0010,
}
