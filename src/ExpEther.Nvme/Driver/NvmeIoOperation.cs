namespace ExpEther.Nvme.Driver;

/// <summary>What an <see cref="NvmeIo"/> does.</summary>
public enum NvmeIoOperation : byte
{
    Read,
    Write,
    WriteZeroes,
    Flush,
}
