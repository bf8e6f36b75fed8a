namespace ExpEther.Nvme.Pool;

/// <summary>What a pool's own work is at: each phase follows the one above it, those that an operation does not need left out.</summary>
internal enum PoolPhase : byte
{
    None,

    /// <summary>Reads the metadata, piece by piece.</summary>
    Read,

    /// <summary>Waits until a namespace that is made shorter has no requests under way.</summary>
    Drain,

    /// <summary>Makes chunks read as zeroes before they belong to anybody.</summary>
    Zero,
    ZeroFlush,

    /// <summary>Writes the copy of the metadata that is not the newest whole one.</summary>
    Write,
    WriteFlush,

    /// <summary>Writes the other copy, once the first is durable.</summary>
    Mirror,
    MirrorFlush,

    /// <summary>Gives chunks that belong to nobody any more back to the backend.</summary>
    Discard,
}
