namespace ExpEther.RootComplex;

/// <summary>What happened at a root complex since it was made.</summary>
public sealed class RootComplexCounters
{
    /// <summary>The CPU's reads and configuration requests that got no answer in time.</summary>
    public long RequestsTimedOut { get; internal set; }

    /// <summary>…that were answered with UR, CA or CRS.</summary>
    public long RequestsRefused { get; internal set; }

    /// <summary>Completions that came after their request had timed out.</summary>
    public long CompletionsLate { get; internal set; }

    /// <summary>Completions that nobody asked for.</summary>
    public long CompletionsUnexpected { get; internal set; }

    /// <summary>Completions with poisoned data: their reader got all-ones.</summary>
    public long CompletionsPoisoned { get; internal set; }

    /// <summary>Posted writes to a slot without a function, or beyond what its BARs hold.</summary>
    public long WritesDropped { get; internal set; }

    public long TlpsMalformed { get; internal set; }

    /// <summary>Requests from below that a root complex does not take: configuration, atomics.</summary>
    public long TlpsUnsupported { get; internal set; }

    public long DmaReads { get; internal set; }

    public long DmaWrites { get; internal set; }

    /// <summary>DMA reads that ended in UR: bus mastering off at the root port, not mapped, or against the rights.</summary>
    public long DmaReadsRefused { get; internal set; }

    public long DmaWritesRefused { get; internal set; }

    public long Interrupts { get; internal set; }

    /// <summary>Interrupt messages with a vector that is not in use, or not the requester's.</summary>
    public long InterruptsSpurious { get; internal set; }

    public long ErrorsCorrectable { get; internal set; }

    public long ErrorsNonFatal { get; internal set; }

    public long ErrorsFatal { get; internal set; }

    /// <summary>Messages that were ignored: PME, vendor defined and the like.</summary>
    public long MessagesIgnored { get; internal set; }
}
