namespace ExpEther.Qemu.Qmp;

/// <summary>Where a QEMU's monitor is.</summary>
public sealed record QmpClientOptions
{
    /// <summary>The guest's name in reports.</summary>
    public required string Name { get; init; }

    /// <summary>The socket on which QEMU listens, for this client alone: a monitor serves one client at a time. Null: there is none.</summary>
    public required string? Path { get; init; }
}
