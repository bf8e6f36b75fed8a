namespace ExpEther.Bridge.Hosts;

/// <summary>What passed through one slot since the bridge started.</summary>
public record struct SlotCounters
{
    /// <summary>Memory reads and writes, atomics and configuration requests of the host to the function.</summary>
    public long HostRequests { get; set; }

    /// <summary>Host requests that ended without the function's answer: completion timeout, removal.</summary>
    public long HostRequestsUnanswered { get; set; }

    public long DmaReads { get; set; }

    public long DmaReadBytes { get; set; }

    public long DmaWrites { get; set; }

    public long DmaWriteBytes { get; set; }

    public long DmaAtomics { get; set; }

    /// <summary>DMA reads and atomics refused with UR: bus mastering off, not mapped, or against the rights.</summary>
    public long DmaUnsupportedRequests { get; set; }

    /// <summary>DMA writes dropped for the same reasons.</summary>
    public long DmaWritesDropped { get; set; }

    /// <summary>MSI and MSI-X interrupts raised.</summary>
    public long Interrupts { get; set; }

    public long Messages { get; set; }

    /// <summary>Completions that answer no outstanding request: late, repeated or made up.</summary>
    public long UnexpectedCompletions { get; set; }

    /// <summary>TLPs that are malformed, or of a kind or sender that has no business here.</summary>
    public long Malformed { get; set; }
}
