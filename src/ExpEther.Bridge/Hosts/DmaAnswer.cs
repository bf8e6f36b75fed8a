using ExpEther.Pcie.Tlp;

namespace ExpEther.Bridge.Hosts;

/// <summary>What the host owes a device for one read or atomic.</summary>
internal struct DmaAnswer
{
    /// <summary>The next completion's header. Its status decides: unless it is successful, it is the only completion, without data.</summary>
    public Completion Header;

    /// <summary>The rest of a memory read.</summary>
    public CompletionSplitter Read;

    /// <summary>An atomic's result: the operand before the operation.</summary>
    public ulong Original;

    /// <summary>Bytes of <see cref="Original"/>; 0 for a memory read.</summary>
    public int OriginalBytes;

    /// <summary>How far a memory read is.</summary>
    public AskedStep Step;

    /// <summary>A read that the host is asked for: what it calls it.</summary>
    public int Ticket;

    /// <summary>A read that the host is asked for: its first byte.</summary>
    public ulong Address;

    /// <summary>A read that the host is asked for: its length.</summary>
    public int Bytes;
}
