using ExpEther.Pcie.Tlp;

namespace ExpEther.Nvme.Controller.Requests;

/// <summary>A host request that waits for its completion to be taken.</summary>
internal struct PendingAnswer
{
    public Completion Completion;
    public PendingAnswerKind Kind;

    /// <summary>Register contents as they were when the request came.</summary>
    public ulong Value;

    /// <summary>Payload in bytes, 4 or 8, of a <see cref="PendingAnswerKind.Value"/>.</summary>
    public int ValueBytes;

    /// <summary>Cuts up a longer read of the BAR.</summary>
    public CompletionSplitter Splitter;

    /// <summary>Address of the BAR's first byte.</summary>
    public ulong BarAddress;
}
