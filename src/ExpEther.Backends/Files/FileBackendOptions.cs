namespace ExpEther.Backends.Files;

/// <summary>How a file or block device is served.</summary>
public sealed record FileBackendOptions
{
    /// <summary>Logical block size: 512 or 4096.</summary>
    public int BlockBytes { get; init; } = 512;

    public bool IsReadOnly { get; init; }

    /// <summary>Past the page cache (O_DIRECT) where the file system and the block size allow it. What is used: <see cref="FileBackend.IsDirect"/>.</summary>
    public bool Direct { get; init; } = true;

    /// <summary>What carries requests out. What is used: <see cref="FileBackend.Engine"/>.</summary>
    public FileEngineKind Engine { get; init; } = FileEngineKind.Automatic;
}
