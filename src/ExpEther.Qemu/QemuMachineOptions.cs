using ExpEther.VfioUser.Keeping;

namespace ExpEther.Qemu;

/// <summary>What a guest's slots are built with.</summary>
public sealed record QemuMachineOptions
{
    /// <summary>The guest's name in reports.</summary>
    public required string Name { get; init; }

    /// <summary>QEMU's monitor: a QMP socket on which it listens, for us alone. Null: the slots' clients have none.</summary>
    public required string? QmpPath { get; init; }

    /// <summary>The folder, which exists, of the slots' sockets <c>slot1.sock</c> and so on.</summary>
    public required string SocketFolder { get; init; }

    public required int Slots { get; init; }

    /// <summary>For each slot the id of QEMU's port (a bus) into which its function is plugged; null: <c>expether-port1</c> and so on.</summary>
    public IReadOnlyList<string>? Ports { get; init; }

    public InterruptMode Interrupts { get; init; } = InterruptMode.Auto;

    public MigrationMode Migration { get; init; } = MigrationMode.Stop;

    /// <summary>Of the slots' sockets. Write permission is what it takes to connect.</summary>
    public UnixFileMode SocketMode { get; init; } = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>User ID of the slots' sockets; null: as the process.</summary>
    public uint? SocketOwner { get; init; }

    public uint? SocketGroup { get; init; }

    /// <summary>How long a guest has to let go of a function. Native hot-plug takes 6.2 s: 5 s of attention delay and a second of power off.</summary>
    public TimeSpan UnplugTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Goes on with QEMU's connections when this process ends; null: nothing does.</summary>
    public IConnectionKeeper? Keeper { get; init; }

    /// <summary>The id of a slot's device. One on QEMU's command line should have it too: after a restart of ours it is known by nothing else.</summary>
    /// <param name="slot">Physical slot number, from 1.</param>
    public static string DeviceOf(int slot) => QemuNames.DeviceOf(slot);

    /// <summary>The id of a slot's port.</summary>
    /// <param name="slot">Physical slot number, from 1.</param>
    public string PortOf(int slot) => Ports is { } ports ? ports[slot - 1] : QemuNames.PortOf(slot);

    /// <summary>The path of a slot's socket.</summary>
    /// <param name="slot">Physical slot number, from 1.</param>
    public string SocketOf(int slot) => Path.Combine(SocketFolder, QemuNames.SocketOf(slot));
}
