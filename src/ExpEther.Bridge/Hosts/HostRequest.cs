using ExpEther.Pcie.Tlp;

namespace ExpEther.Bridge.Hosts;

/// <summary>A non-posted request of the host that a function has not fully answered yet.</summary>
internal struct HostRequest
{
    /// <summary>Where its completions go.</summary>
    public UpwardQueue Answers;

    /// <summary>How it ends if the function does not answer; its Byte Count is what the function still owes.</summary>
    public Completion Refusal;

    /// <summary>A memory read: the only request that several completions may answer.</summary>
    public bool IsMemoryRead;

    /// <summary>What the answer has to any other request: 4 to a configuration read, an atomic's operand; 0: no data.</summary>
    public int DataBytes;

    /// <summary>The request as it was sent; none of one that is longer, or that the function has answered in part.</summary>
    public RequestBytes Sent;

    /// <summary>A write of the Command register that turns bus mastering off: true once it is done.</summary>
    public bool TurnsBusMasterOff;
}
