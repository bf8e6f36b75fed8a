namespace ExpEther.Pcie.Config;

/// <summary>Offsets within the advanced error reporting capability (PCIe 5.0 §7.8.4).</summary>
public static class AerRegister
{
    public const int UncorrectableStatus = 0x04;
    public const int UncorrectableMask = 0x08;
    public const int UncorrectableSeverity = 0x0C;
    public const int CorrectableStatus = 0x10;
    public const int CorrectableMask = 0x14;
    public const int Control = 0x18;
    public const int HeaderLog = 0x1C;
    public const int RootCommand = 0x2C;
    public const int RootStatus = 0x30;
    public const int ErrorSource = 0x34;

    /// <summary>Length with the prefix log, version 2.</summary>
    public const int Bytes = 0x48;

    public const uint ControlFirstErrorMask = 0x1F;
    public const uint ControlEcrcGenerationCapable = 1 << 5;
    public const uint ControlEcrcGenerationEnable = 1 << 6;
    public const uint ControlEcrcCheckCapable = 1 << 7;
    public const uint ControlEcrcCheckEnable = 1 << 8;
}
