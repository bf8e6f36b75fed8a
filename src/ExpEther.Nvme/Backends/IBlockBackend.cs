namespace ExpEther.Nvme.Backends;

/// <summary>Where a namespace's blocks are kept. Asynchronous and polled by the one owner; it never blocks and never calls back.</summary>
public interface IBlockBackend
{
    /// <summary>Capacity in bytes, a multiple of <see cref="BlockBytes"/>.</summary>
    long LengthBytes { get; }

    /// <summary>Logical block size, 512 or 4096.</summary>
    int BlockBytes { get; }

    bool IsReadOnly { get; }

    /// <summary>Starts a request. Requests may complete in any order.</summary>
    /// <returns>False: the backend's queue is full; try again after a completion.</returns>
    bool TrySubmit(in BlockRequest request);

    /// <summary>
    /// Takes the next completed request. Asked at every turn, idle or not: a backend that wakes its owner by a descriptor makes it
    /// unreadable here.
    /// </summary>
    bool TryTakeCompletion(out BlockCompletion completion);
}
