namespace ExpEther.Nvme.Controller.Queues;

/// <summary>A completion queue in host memory, as the controller sees it (NVMe 1.4 §4.1).</summary>
internal sealed class CompletionQueue(int id)
{
    public int Id { get; } = id;

    public bool Exists { get; private set; }

    public ulong Base { get; private set; }

    public int Entries { get; private set; }

    public int Vector { get; private set; }

    public bool InterruptsEnabled { get; private set; }

    /// <summary>Where the host is, as its doorbell said.</summary>
    public int Head { get; private set; }

    /// <summary>Where the next entry goes.</summary>
    public int Tail { get; private set; }

    /// <summary>Of the next entry.</summary>
    public bool Phase { get; private set; }

    /// <summary>Submission queues that complete here.</summary>
    public int Users { get; set; }

    /// <summary>An interrupt for it waits to leave.</summary>
    public bool InterruptQueued { get; set; }

    /// <summary>Commands that are done but for which there is no room: the first of a list through the slots; -1 when empty.</summary>
    public int FirstWaiting { get; set; } = -1;

    public int LastWaiting { get; set; } = -1;

    public bool IsFull => Next(Tail) == Head;

    /// <summary>Entries that the host has not taken yet.</summary>
    public int Unread => Tail >= Head ? Tail - Head : Tail - Head + Entries;

    public ulong TailAddress => Base + ((ulong)Tail * Protocol.NvmeSizes.CompletionEntryBytes);

    public void Create(ulong address, int entries, int vector, bool interrupts)
    {
        Exists = true;
        Base = address;
        Entries = entries;
        Vector = vector;
        InterruptsEnabled = interrupts;
        Head = 0;
        Tail = 0;
        Phase = true;
        Users = 0;
        InterruptQueued = false;
        FirstWaiting = -1;
        LastWaiting = -1;
    }

    public void Delete() => Exists = false;

    public void Advance()
    {
        Tail = Next(Tail);
        if (Tail == 0)
        {
            Phase = !Phase;
        }
    }

    /// <summary>A doorbell write. False: the value is not one that the host may write (§5.2.1, Invalid Doorbell Write Value).</summary>
    public bool TryMoveHead(uint value)
    {
        if (value >= (uint)Entries || value == (uint)Head)
        {
            return false;
        }

        var taken = (int)value >= Head ? (int)value - Head : (int)value - Head + Entries;
        if (taken > Unread)
        {
            return false;
        }

        Head = (int)value;
        return true;
    }

    private int Next(int at) => at + 1 == Entries ? 0 : at + 1;
}
