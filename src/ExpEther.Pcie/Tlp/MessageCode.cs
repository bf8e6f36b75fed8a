namespace ExpEther.Pcie.Tlp;

/// <summary>Message codes that an endpoint or a switch meets (PCIe 5.0 tables 2-19 to 2-31).</summary>
public enum MessageCode : byte
{
    Unlock = 0x00,
    LatencyToleranceReporting = 0x10,
    PmActiveStateNak = 0x14,
    PmPme = 0x18,
    PmeTurnOff = 0x19,
    PmeToAck = 0x1B,
    AssertIntA = 0x20,
    DeassertIntA = 0x24,
    ErrCorrectable = 0x30,
    ErrNonFatal = 0x31,
    ErrFatal = 0x33,
    SetSlotPowerLimit = 0x50,
    VendorDefinedType0 = 0x7E,
    VendorDefinedType1 = 0x7F,
}
