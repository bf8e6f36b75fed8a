namespace ExpEther.Nvme.Protocol;

/// <summary>Commands of the NVM command set (NVMe 1.4 figure 346).</summary>
public enum IoOpcode : byte
{
    Flush = 0x00,
    Write = 0x01,
    Read = 0x02,
    WriteUncorrectable = 0x04,
    Compare = 0x05,
    WriteZeroes = 0x08,
    DatasetManagement = 0x09,
    Verify = 0x0C,
}
