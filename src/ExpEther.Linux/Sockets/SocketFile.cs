using ExpEther.Linux.Native;

namespace ExpEther.Linux.Sockets;

/// <summary>
/// The file of a UNIX socket that is to be made at a path which a person gave. A socket that its owner left behind, being killed, is removed;
/// nothing else ever is: not a file, a folder or a link, wherever it leads, and not a socket on which a process listens.
/// </summary>
public static unsafe class SocketFile
{
    /// <summary>Makes room at <paramref name="path"/> for bind(2).</summary>
    /// <exception cref="LinuxException">
    /// EADDRINUSE: a process listens there. EEXIST: something that is no socket is there. EACCES, EPERM: not ours to look at or to remove.
    /// </exception>
    public static void RemoveLeftOver(string path)
    {
        if (!IsThere(path))
        {
            return;
        }

        try
        {
            using var probe = UnixConnection.Connect(path);
            throw new LinuxException($"process {probe.Peer.ProcessId} listens at {path}", Errno.EADDRINUSE);
        }
        catch (LinuxException e) when (e.Error == Errno.ECONNREFUSED)
        {
            if (Libc.unlink(path) < 0 && Libc.LastError is var error and not Errno.ENOENT)
            {
                throw new LinuxException($"remove {path}, which a process left behind", error);
            }
        }
        catch (LinuxException e) when (e.Error is Errno.EAGAIN or Errno.EPROTOTYPE)
        {
            throw new LinuxException($"another process listens at {path}", Errno.EADDRINUSE);
        }
        catch (LinuxException e) when (e.Error == Errno.ENOENT)
        {
            return; // it went in between
        }
    }

    /// <summary>There is a socket at <paramref name="path"/>.</summary>
    public static bool Exists(string path)
    {
        FileStatus status;
        return Libc.statx(FileConstants.AT_FDCWD, path, FileConstants.AT_SYMLINK_NOFOLLOW, FileConstants.STATX_BASIC_STATS, &status) == 0
            && (status.Mode & FileConstants.S_IFMT) == FileConstants.S_IFSOCK;
    }

    /// <returns>False: nothing is there.</returns>
    /// <exception cref="LinuxException">EEXIST: something that is no socket is there.</exception>
    internal static bool IsThere(string path)
    {
        FileStatus status;
        if (Libc.statx(FileConstants.AT_FDCWD, path, FileConstants.AT_SYMLINK_NOFOLLOW, FileConstants.STATX_BASIC_STATS, &status) != 0)
        {
            var error = Libc.LastError;
            return error == Errno.ENOENT ? false : throw new LinuxException($"look at {path}", error);
        }

        return (status.Mode & FileConstants.S_IFMT) == FileConstants.S_IFSOCK
            ? true
            : throw new LinuxException($"{path} is {KindOf(status.Mode)}, not a socket, and is left alone", Errno.EEXIST);
    }

    /// <summary>Removes the file at the end of its maker, if it is a socket still.</summary>
    public static void Remove(string path)
    {
        if (Exists(path))
        {
            _ = Libc.unlink(path);
        }
    }

    /// <returns>False: it may not be removed.</returns>
    internal static bool TryUnlink(string path) => Libc.unlink(path) == 0 || Libc.LastError == Errno.ENOENT;

    private static string KindOf(ushort mode) => (mode & FileConstants.S_IFMT) switch
    {
        FileConstants.S_IFREG => "a file",
        FileConstants.S_IFDIR => "a folder",
        FileConstants.S_IFLNK => "a symbolic link",
        _ => "a device or pipe",
    };
}
