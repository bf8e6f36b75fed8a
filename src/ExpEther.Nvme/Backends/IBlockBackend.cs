namespace ExpEther.Nvme.Backends;

/// <summary>Where a namespace's blocks are kept. Asynchronous and polled by the one owner; it never blocks and never calls back.</summary>
public interface IBlockBackend
{
    /// <summary>Capacity in bytes, a multiple of <see cref="BlockBytes"/>.</summary>
    long LengthBytes { get; }

    /// <summary>Logical block size, 512 or 4096.</summary>
    int BlockBytes { get; }

    bool IsReadOnly { get; }

    /// <summary>
    /// Whether a range reads as zeroes once its deallocation has completed without error, until it is written. If not, a deallocation may
    /// do nothing, and each of its blocks reads as zeroes or as what it held.
    /// </summary>
    bool DeallocatedReadsZeroes { get; }

    /// <summary>Writes of multiples of this at multiples of this cost least: a power of two, at least <see cref="BlockBytes"/>.</summary>
    int WriteGranularityBytes { get; }

    /// <summary>The least that a deallocation gives back, at a multiple of it: a power of two, at least <see cref="BlockBytes"/>.</summary>
    int DeallocateGranularityBytes { get; }

    /// <summary>
    /// Takes a request. Requests may be carried out at once and complete in any order, but a block is never seen half written: requests that
    /// overlap, one of which changes blocks, are carried out one after the other. What was taken may wait until the next
    /// <see cref="TryTakeCompletion"/> sets it off, so that several go at once. A request that is outside the backend or off its blocks completes
    /// with EINVAL.
    /// </summary>
    /// <returns>False: the backend's queue is full; try again after a completion.</returns>
    bool TrySubmit(in BlockRequest request);

    /// <summary>
    /// Takes the next completed request. Asked at every turn, idle or not: a backend that wakes its owner by a descriptor makes it
    /// unreadable here.
    /// </summary>
    bool TryTakeCompletion(out BlockCompletion completion);
}
