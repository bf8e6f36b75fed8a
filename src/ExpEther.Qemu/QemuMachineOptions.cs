namespace ExpEther.Qemu;

/// <summary>A guest of QEMU, as its slots' owner knows it.</summary>
public sealed record QemuMachineOptions
{
    /// <summary>The host's name in reports.</summary>
    public required string Name { get; init; }

    /// <summary>Full path of the UNIX socket on which QEMU listens for QMP; one of our own, never the platform's.</summary>
    public required string QmpPath { get; init; }

    /// <summary>The folder in which the slots' sockets are made (<see cref="QemuNames.SocketOf"/>); it exists.</summary>
    public required string SocketsFolder { get; init; }

    /// <summary>QEMU's ids of the ports to plug into, one for each slot.</summary>
    public required IReadOnlyList<string> Ports { get; init; }

    public QemuInterruptMode Interrupts { get; init; }

    /// <summary>User ID of the sockets' files; null: as the process.</summary>
    public uint? Owner { get; init; }

    /// <summary>Group ID of the sockets' files; null: as the process.</summary>
    public uint? Group { get; init; }

    public UnixFileMode Mode { get; init; } = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>How long a guest has to let a function go.</summary>
    public TimeSpan UnplugTimeout { get; init; } = TimeSpan.FromSeconds(10);
}
