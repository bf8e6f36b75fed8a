namespace ExpEther.Nvme.Driver;

/// <summary>How a driver uses its controllers.</summary>
public sealed record NvmeDriverOptions
{
    /// <summary>I/O queue pairs asked for; the controller may give fewer. 0: none, for whoever only administers.</summary>
    public int QueuePairs { get; init; } = 1;

    /// <summary>Entries of an I/O queue; the controller may allow fewer.</summary>
    public int QueueEntries { get; init; } = 256;

    /// <summary>After which a command is aborted.</summary>
    public TimeSpan CommandTimeout { get; init; } = TimeSpan.FromSeconds(30);
}
