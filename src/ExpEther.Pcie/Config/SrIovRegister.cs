namespace ExpEther.Pcie.Config;

/// <summary>Offsets within the SR-IOV extended capability, and its bits (PCIe 5.0 §9.3.3).</summary>
public static class SrIovRegister
{
    public const int Capabilities = 0x04;
    public const int Control = 0x08;
    public const int Status = 0x0A;
    public const int InitialVfs = 0x0C;
    public const int TotalVfs = 0x0E;
    public const int NumVfs = 0x10;
    public const int FunctionDependencyLink = 0x12;
    public const int FirstVfOffset = 0x14;
    public const int VfStride = 0x16;
    public const int VfDeviceId = 0x1A;
    public const int SupportedPageSizes = 0x1C;
    public const int SystemPageSize = 0x20;
    public const int VfBar0 = 0x24;
    public const int MigrationStateArrayOffset = 0x3C;

    /// <summary>Length of the capability.</summary>
    public const int Bytes = 0x40;

    public const uint CapabilitiesVf10BitTagRequester = 1 << 2;

    public const ushort ControlVfEnable = 1 << 0;
    public const ushort ControlVfMemorySpaceEnable = 1 << 3;
    public const ushort ControlAriCapableHierarchy = 1 << 4;
    public const ushort ControlVf10BitTagRequesterEnable = 1 << 5;

    /// <summary>Bit n of the page size registers stands for 2^(n + 12) bytes (§9.3.3.12).</summary>
    public const int PageSizeShift = 12;
}
