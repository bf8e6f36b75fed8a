namespace ExpEther.RootComplex.Tree;

/// <summary>Names of class codes (PCI Code and ID Assignment specification, §1) for those met in this fabric.</summary>
internal static class ClassName
{
    public static string Of(uint classCode) => (classCode >> 8) switch
    {
        0x0108 when classCode == 0x010802 => "NVMe controller",
        0x0100 => "SCSI controller",
        0x0106 => "SATA controller",
        0x0108 => "Non-volatile memory controller",
        0x0200 => "Ethernet controller",
        0x0300 => "VGA controller",
        0x0302 => "3D controller",
        0x0604 => "PCI bridge",
        0x0C03 => "USB controller",
        0x1200 => "Processing accelerator",
        _ => $"Device of class {classCode:x6}",
    };
}
