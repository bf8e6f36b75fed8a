namespace ExpEther.Nvme.Driver;

/// <summary>What an <see cref="NvmeIo"/> does.</summary>
public enum NvmeIoOperation : byte
{
    Read,
    Write,
    WriteZeroes,
    Flush,

    /// <summary>One range, whose contents are no longer wanted; more at once by <see cref="NvmeDisk.TryDeallocate"/>.</summary>
    Deallocate,
}
