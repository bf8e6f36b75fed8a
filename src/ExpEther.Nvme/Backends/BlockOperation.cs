namespace ExpEther.Nvme.Backends;

public enum BlockOperation : byte
{
    Read,
    Write,

    /// <summary>Makes durable every write, zeroing and deallocation that had completed when it was submitted.</summary>
    Flush,
    WriteZeroes,

    /// <summary>The range's contents are no longer wanted (<see cref="IBlockBackend.DeallocatedReadsZeroes"/>).</summary>
    Deallocate,
}
