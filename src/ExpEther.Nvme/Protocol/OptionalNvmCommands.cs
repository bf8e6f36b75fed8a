namespace ExpEther.Nvme.Protocol;

/// <summary>ONCS of Identify Controller (NVMe 1.4 figure 247).</summary>
[Flags]
public enum OptionalNvmCommands : ushort
{
    None = 0,
    Compare = 1 << 0,
    DatasetManagement = 1 << 2,
    WriteZeroes = 1 << 3,

    /// <summary>Save of Set Features and Select of Get Features may be other than zero.</summary>
    SaveAndSelect = 1 << 4,
    Verify = 1 << 7,
}
