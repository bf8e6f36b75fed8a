using System.Globalization;
using System.Net.Sockets;
using ExpEther.Linux.Accounts;
using ExpEther.Linux.Sockets;

namespace ExpEther.Daemon.Control;

/// <summary>
/// Whom the command line talks to: daemons of its own user, or of root. Anybody may make a folder in the temporary directory, and
/// <c>$XDG_RUNTIME_DIR</c> may name another user's, for instance after <c>su</c>; what listens there could lie to a command and take its data.
/// So a folder is looked into only where nobody else can put anything, a socket or page in it must have such an owner too, and in the end the
/// kernel says who listens (SO_PEERCRED, unix(7)).
/// </summary>
public static class ControlTrust
{
    private const UnixFileMode OthersMayWrite = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    /// <summary>Why sockets are not looked for in a folder; null: they are, or it is not there.</summary>
    public static string? FaultOfFolder(string folder)
    {
        if (PathOwner.Of(folder, followsLinks: false) is not { } owner)
        {
            return null;
        }

        if (!owner.IsOursOrRoots)
        {
            return $"{folder} belongs to user {owner.UserId}";
        }

        return owner.IsLink ? $"{folder} is a symbolic link"
            : (owner.Mode & OthersMayWrite) != 0 ? $"others may write to {folder} (mode {Octal(owner.Mode)})"
            : null;
    }

    /// <summary>The folders of <see cref="ControlPaths.Folders"/> that are not looked into, each with why, in words to add to a message.</summary>
    public static string Passed
    {
        get
        {
            var faults = ControlPaths.Folders.Select(FaultOfFolder).OfType<string>().ToList();
            return faults.Count == 0 ? "" : $"; not looked into: {string.Join(", ", faults)}";
        }
    }

    /// <summary>Sees that a file (a socket, a counter page) is one that our own user or root put there. Does nothing where there is none.</summary>
    /// <exception cref="ControlException">It is not.</exception>
    public static void CheckFile(string path)
    {
        if (PathOwner.Of(path) is { IsOursOrRoots: false } file)
        {
            throw Foreign(path, $"it belongs to user {file.UserId}", file.UserId);
        }

        var folder = Path.GetDirectoryName(path);
        if (folder is null || PathOwner.Of(folder) is not { } owner)
        {
            return;
        }

        if (!owner.IsOursOrRoots)
        {
            throw Foreign(path, $"its folder {folder} belongs to user {owner.UserId}", owner.UserId);
        }

        if ((owner.Mode & UnixFileMode.OtherWrite) != 0 && (owner.Mode & UnixFileMode.StickyBit) == 0)
        {
            throw new ControlException(
                ControlErrorCode.NotTrusted,
                $"{path} is not trusted: everybody may write to its folder {folder} (mode {Octal(owner.Mode)})",
                $"chmod o-w {folder}, and start the daemon again");
        }
    }

    /// <summary>Sees that the process that listens is our own user's or root's.</summary>
    /// <exception cref="ControlException">It is not.</exception>
    internal static void CheckPeer(Socket socket, string path)
    {
        var peer = PeerCredentials.Of((int)socket.Handle);
        if (peer.UserId != 0 && peer.UserId != PathOwner.OurUserId)
        {
            throw Foreign(path, string.Create(CultureInfo.InvariantCulture, $"process {peer.ProcessId} of user {peer.UserId} listens there"), peer.UserId);
        }
    }

    private static ControlException Foreign(string path, string why, uint user) => new(
        ControlErrorCode.NotTrusted, $"{path} is not trusted: {why}, and this is user {PathOwner.OurUserId}",
        $"run the command as the daemon's user: sudo -u '#{user}' expether ..., or name another daemon's socket by --socket PATH");

    private static string Octal(UnixFileMode mode) => Convert.ToString((int)mode, 8);
}
