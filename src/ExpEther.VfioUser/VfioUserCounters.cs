namespace ExpEther.VfioUser;

/// <summary>What a server counts.</summary>
public sealed class VfioUserCounters
{
    public long Connections { get; internal set; }
    public long Messages { get; internal set; }
    public long RegionReads { get; internal set; }
    public long RegionWrites { get; internal set; }

    /// <summary>DMA_READ and DMA_WRITE that were sent, interrupts among them.</summary>
    public long MemoryMessages { get; internal set; }

    /// <summary>DMA_WRITE that the client could not carry out.</summary>
    public long FailedMemoryWrites { get; internal set; }

    /// <summary>Interrupt messages among them: the guest never got these interrupts.</summary>
    public long FailedInterrupts { get; internal set; }

    /// <summary>Connections closed for what the client did.</summary>
    public long Violations { get; internal set; }

    /// <summary>Requests answered with an error.</summary>
    public long Refused { get; internal set; }

    /// <summary>Connections that came while another was served.</summary>
    public long Surplus { get; internal set; }
}
