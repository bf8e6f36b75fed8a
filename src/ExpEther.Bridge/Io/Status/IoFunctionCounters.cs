namespace ExpEther.Bridge.Io.Status;

/// <summary>What a function counts. Plain fields: they are added to per TLP.</summary>
public record struct IoFunctionCounters
{
    /// <summary>TLPs given to the device for its owner.</summary>
    public long TlpsToDevice { get; set; }

    /// <summary>TLPs sent to the owner for the device.</summary>
    public long TlpsToHost { get; set; }

    public long BytesToDevice { get; set; }

    public long BytesToHost { get; set; }

    public long ConfigRequests { get; set; }

    /// <summary>Host requests that ended in UR: outside every window, wrong kind, tag too wide or in use.</summary>
    public long HostUnsupportedRequests { get; set; }

    /// <summary>Host posted requests and messages dropped.</summary>
    public long HostPostedDropped { get; set; }

    /// <summary>DMA reads and atomics of the device answered with UR here: no owner, fenced, bus mastering off.</summary>
    public long DmaUnsupportedRequests { get; set; }

    public long DmaPostedDropped { get; set; }

    /// <summary>Completions of an earlier generation, or to no request: swallowed.</summary>
    public long StaleCompletions { get; set; }

    public long UnexpectedCompletions { get; set; }

    /// <summary>TLPs of an earlier generation or from a host that does not own the function.</summary>
    public long WrongGeneration { get; set; }

    public long Malformed { get; set; }

    public long BadEcrc { get; set; }

    public long Poisoned { get; set; }

    public long FunctionLevelResets { get; set; }

    public long Fenced { get; set; }

    /// <summary>INTx and other messages that end here.</summary>
    public long MessagesHidden { get; set; }
}
