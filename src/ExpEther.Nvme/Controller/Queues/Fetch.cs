namespace ExpEther.Nvme.Controller.Queues;

/// <summary>One read of consecutive commands.</summary>
internal struct Fetch
{
    public int Queue;
    public int Entries;
    public bool IsDone;
    public bool IsFailed;

    /// <summary>The next fetch of the same queue, or of the free list.</summary>
    public int Next;
}
