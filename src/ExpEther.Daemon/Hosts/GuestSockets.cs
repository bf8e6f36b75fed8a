using ExpEther.Daemon.Config;
using ExpEther.Linux;
using ExpEther.Linux.Accounts;
using ExpEther.Qemu;

namespace ExpEther.Daemon.Hosts;

/// <summary>Where a guest's sockets are and whose they are, as this machine has it: folders made, names of accounts resolved.</summary>
internal static class GuestSockets
{
    private const UnixFileMode FolderForOwner = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode FolderForGroup = FolderForOwner | UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute;

    /// <param name="host">The guest.</param>
    /// <param name="qemu">Its configuration.</param>
    /// <param name="controlSocket">The daemon's control socket; by default the guest's sockets are beside it.</param>
    /// <exception cref="IOException">The folder cannot be made, or there is no such account; the message says what to do.</exception>
    public static QemuMachineOptions Of(HostBridgeConfig host, QemuConfig qemu, string controlSocket)
    {
        uint? owner = qemu.Owner is { } user ? UserOf(host.Name, user) : null;
        uint? group = qemu.Group is { } name ? GroupOf(host.Name, name) : null;
        var folder = qemu.Sockets ?? Path.Combine(Path.GetDirectoryName(controlSocket)!, host.Name);
        try
        {
            if (!Directory.Exists(folder))
            {
                // QEMU makes its QMP socket here: whoever runs it must be able to.
                Directory.CreateDirectory(folder, FolderForOwner);
                FileOwner.Change(folder, owner, group);
                File.SetUnixFileMode(folder, group is null ? FolderForOwner : FolderForGroup);
            }
        }
        catch (Exception e) when (e is UnauthorizedAccessException or LinuxException)
        {
            throw new IOException(
                $"host '{host.Name}': the folder {folder} for its sockets cannot be made: {e.Message}; name another by [host.qemu] sockets", e);
        }

        return new QemuMachineOptions
        {
            Name = host.Name,
            QmpPath = qemu.HasQmp ? qemu.Qmp ?? Path.Combine(folder, QemuNames.Qmp) : null,
            SocketFolder = folder,
            Slots = host.Slots,
            Ports = qemu.Ports,
            Interrupts = qemu.Interrupts,
            Migration = qemu.Migration,
            SocketOwner = owner,
            SocketGroup = group,
            SocketMode = qemu.Mode,
            UnplugTimeout = qemu.UnplugTimeout,
        };
    }

    private static uint UserOf(string host, string name) => AccountNames.TryFindUser(name, out var id)
        ? id
        : throw new IOException($"host '{host}': there is no user '{name}' for its sockets; write an existing name or a number at [host.qemu] owner");

    private static uint GroupOf(string host, string name) => AccountNames.TryFindGroup(name, out var id)
        ? id
        : throw new IOException($"host '{host}': there is no group '{name}' for its sockets; write an existing name or a number at [host.qemu] group");
}
