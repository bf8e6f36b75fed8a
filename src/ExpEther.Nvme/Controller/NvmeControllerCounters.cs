namespace ExpEther.Nvme.Controller;

/// <summary>What happened since the controller was made.</summary>
public sealed class NvmeControllerCounters
{
    public long AdminCommands { get; internal set; }

    public long ReadCommands { get; internal set; }

    public long WriteCommands { get; internal set; }

    public long OtherIoCommands { get; internal set; }

    public long BytesRead { get; internal set; }

    public long BytesWritten { get; internal set; }

    /// <summary>Commands that ended in an error status.</summary>
    public long CommandErrors { get; internal set; }

    public long MediaErrors { get; internal set; }

    public long InvalidDoorbells { get; internal set; }

    public long Interrupts { get; internal set; }

    /// <summary>DMA reads that ended in UR, CA, poison or a mismatch.</summary>
    public long DmaReadErrors { get; internal set; }

    public long DmaReadTimeouts { get; internal set; }

    public long MalformedTlps { get; internal set; }

    public long PoisonedTlps { get; internal set; }

    public long UnsupportedRequests { get; internal set; }

    public long UnexpectedCompletions { get; internal set; }

    /// <summary>Completions of reads that a reset or a timeout gave up.</summary>
    public long StaleCompletions { get; internal set; }

    /// <summary>Requests beyond <see cref="ControllerLimits.AnswersMax"/>: more than any requester's tags.</summary>
    public long RequestsDropped { get; internal set; }
}
