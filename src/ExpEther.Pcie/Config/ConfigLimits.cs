namespace ExpEther.Pcie.Config;

/// <summary>Sizes and bounds of configuration space (PCIe 5.0 §7.2), in bytes unless named otherwise.</summary>
public static class ConfigLimits
{
    public const int ConventionalSpaceBytes = 256;
    public const int SpaceBytes = 4096;
    public const int CapabilityStart = 0x40;
    public const int ExtendedCapabilityStart = 0x100;

    /// <summary>A longer chain is a loop: capabilities are DW aligned and at least one DW long.</summary>
    public const int CapabilitiesMax = (ConventionalSpaceBytes - CapabilityStart) / 4;

    /// <inheritdoc cref="CapabilitiesMax"/>
    public const int ExtendedCapabilitiesMax = (SpaceBytes - ExtendedCapabilityStart) / 4;

    public const int EndpointBarsMax = 6;

    /// <summary>The smallest memory BAR (§7.5.1.2.1).</summary>
    public const int BarBytesMin = 128;
    public const int MsixVectorsMax = 2048;

    /// <summary>TotalVFs of one PF.</summary>
    public const int VirtualFunctionsMax = 256;
}
