namespace ExpEther.Nvme.Controller.Queues;

/// <summary>A submission queue in host memory, as the controller sees it (NVMe 1.4 §4.1).</summary>
internal sealed class SubmissionQueue(int id)
{
    public int Id { get; } = id;

    public bool Exists { get; private set; }

    /// <summary>Delete I/O Submission Queue has come: nothing more is fetched, entries without room in the completion queue are dropped.</summary>
    public bool IsDeleting { get; set; }

    /// <summary>The Delete command that waits for <see cref="InFlight"/> to become 0; -1: none.</summary>
    public int Deleter { get; set; }

    public ulong Base { get; private set; }

    public int Entries { get; private set; }

    public int CompletionQueueId { get; private set; }

    /// <summary>Entries before it are in the controller; what completions report as SQHD.</summary>
    public int Head { get; private set; }

    /// <summary>Where the next fetch starts: ahead of <see cref="Head"/> by what is being fetched.</summary>
    public int FetchHead { get; private set; }

    /// <summary>As the host's doorbell said.</summary>
    public int Tail { get; private set; }

    /// <summary>Commands in the controller.</summary>
    public int InFlight { get; set; }

    /// <summary>Fetches under way, oldest first: a list through the fetches; -1 when empty.</summary>
    public int FirstFetch { get; set; } = -1;

    public int LastFetch { get; set; } = -1;

    public int Fetches { get; set; }

    public bool CanFetch => Exists && !IsDeleting && FetchHead != Tail && Fetches < ControllerLimits.FetchesPerQueueMax;

    /// <summary>Entries that may be fetched in one piece, up to the tail or the queue's end.</summary>
    public int FetchableEntries => FetchHead <= Tail ? Tail - FetchHead : Entries - FetchHead;

    public ulong FetchAddress => Base + ((ulong)FetchHead * Protocol.NvmeSizes.SubmissionEntryBytes);

    public void Create(ulong address, int entries, int completionQueue)
    {
        Exists = true;
        IsDeleting = false;
        Deleter = -1;
        Base = address;
        Entries = entries;
        CompletionQueueId = completionQueue;
        Head = 0;
        FetchHead = 0;
        Tail = 0;
        InFlight = 0;
        FirstFetch = -1;
        LastFetch = -1;
        Fetches = 0;
    }

    public void Delete() => Exists = false;

    public void AdvanceFetch(int entries) => FetchHead = Wrap(FetchHead + entries);

    public void AdvanceHead() => Head = Wrap(Head + 1);

    /// <summary>A doorbell write. False: the value is not one that the host may write (§5.2.1, Invalid Doorbell Write Value).</summary>
    public bool TryMoveTail(uint value)
    {
        if (value >= (uint)Entries || value == (uint)Tail)
        {
            return false;
        }

        var held = Tail >= Head ? Tail - Head : Tail - Head + Entries;
        var added = (int)value >= Tail ? (int)value - Tail : (int)value - Tail + Entries;
        if (added > Entries - 1 - held)
        {
            return false;
        }

        Tail = (int)value;
        return true;
    }

    private int Wrap(int at) => at >= Entries ? at - Entries : at;
}
