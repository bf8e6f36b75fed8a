namespace ExpEther.Pcie.Config;

/// <summary>Offsets and bits of the header registers (PCIe 5.0 §7.5.1).</summary>
public static class ConfigRegister
{
    public const int VendorId = 0x00;
    public const int DeviceId = 0x02;
    public const int Command = 0x04;
    public const int Status = 0x06;
    public const int RevisionId = 0x08;
    public const int ClassCode = 0x09;
    public const int CacheLineSize = 0x0C;
    public const int HeaderType = 0x0E;
    public const int Bar0 = 0x10;
    public const int SubsystemVendorId = 0x2C;
    public const int SubsystemId = 0x2E;
    public const int ExpansionRom = 0x30;
    public const int CapabilitiesPointer = 0x34;
    public const int InterruptLine = 0x3C;
    public const int InterruptPin = 0x3D;

    // Type 1 only.
    public const int PrimaryBus = 0x18;
    public const int SecondaryBus = 0x19;
    public const int SubordinateBus = 0x1A;
    public const int IoBase = 0x1C;
    public const int SecondaryStatus = 0x1E;
    public const int MemoryBase = 0x20;
    public const int MemoryLimit = 0x22;
    public const int PrefetchableBase = 0x24;
    public const int PrefetchableLimit = 0x26;
    public const int PrefetchableBaseUpper = 0x28;
    public const int PrefetchableLimitUpper = 0x2C;
    public const int IoBaseUpper = 0x30;
    public const int BridgeControl = 0x3E;

    public const ushort CommandMemorySpaceEnable = 1 << 1;
    public const ushort CommandBusMasterEnable = 1 << 2;
    public const ushort CommandParityErrorResponse = 1 << 6;
    public const ushort CommandSerrEnable = 1 << 8;
    public const ushort CommandInterruptDisable = 1 << 10;

    public const ushort StatusCapabilitiesList = 1 << 4;
    public const ushort StatusMasterDataParityError = 1 << 8;
    public const ushort StatusSignaledTargetAbort = 1 << 11;
    public const ushort StatusReceivedTargetAbort = 1 << 12;
    public const ushort StatusReceivedMasterAbort = 1 << 13;
    public const ushort StatusSignaledSystemError = 1 << 14;
    public const ushort StatusDetectedParityError = 1 << 15;

    public const ushort BridgeControlSerrEnable = 1 << 1;
    public const ushort BridgeControlSecondaryBusReset = 1 << 6;
}
