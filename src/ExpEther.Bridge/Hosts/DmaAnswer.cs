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
    public UInt128 Original;

    /// <summary>Bytes of <see cref="Original"/>; 0 for a memory read.</summary>
    public int OriginalBytes;
}
