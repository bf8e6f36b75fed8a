using ExpEther.VfioUser.Keeping;

namespace ExpEther.VfioUser;

/// <summary>Where a server listens and who may connect.</summary>
public sealed record VfioUserServerOptions
{
    /// <summary>The device's name in reports.</summary>
    public required string Name { get; init; }

    /// <summary>Full path of the socket, at most 107 bytes.</summary>
    public required string Path { get; init; }

    /// <summary>Write permission is what it takes to connect.</summary>
    public UnixFileMode Mode { get; init; } = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Of the socket's file; null: as the process.</summary>
    public uint? Owner { get; init; }

    public uint? Group { get; init; }

    /// <summary>Goes on with the clients' connections when this process ends; null: they end with it.</summary>
    public IConnectionKeeper? Keeper { get; init; }

    /// <summary>How long a client's first questions wait for a device that is not ready. Below QEMU's 5 s.</summary>
    public TimeSpan ReadyTimeout { get; init; } = TimeSpan.FromSeconds(4);
}
