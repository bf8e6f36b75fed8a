using System.Diagnostics.CodeAnalysis;
using ExpEther.Linux.Native;

namespace ExpEther.Linux.Sockets;

/// <summary>
/// A UNIX stream socket that is listened on, nonblocking, as a file of a given mode. A socket left by a process that died is replaced;
/// one that a process listens on, and everything that is no socket, is refused (<see cref="SocketFile"/>). The file goes when this is disposed.
/// </summary>
public sealed unsafe class UnixListener : IDisposable
{
    private int _fd;

    /// <param name="path">At most 107 bytes of UTF-8; its directory exists.</param>
    /// <param name="mode">Permission bits: who may connect (write permission counts).</param>
    /// <param name="owner">User of the file; null: as the process.</param>
    /// <param name="group">Group of the file; null: as the process.</param>
    /// <exception cref="LinuxException">
    /// EADDRINUSE: another process listens there. EEXIST: something else than a socket is there. EACCES, ENOENT: the directory.
    /// EPERM: the process may not give the file to that user or group.
    /// </exception>
    public UnixListener(
        string path, UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite, uint? owner = null, uint? group = null)
    {
        Path = path;
        var address = UnixAddress.Of(path);
        SocketFile.RemoveLeftOver(path);
        _fd = OpenSocket();

        // The mode before bind is the most the file is ever created with (less the umask), so there is no moment of a wider one.
        if (Libc.fchmod(_fd, (uint)mode) < 0 || Libc.bind(_fd, &address, (uint)sizeof(SockAddrUn)) < 0)
        {
            throw Close($"bind {path}");
        }

        // The owner before the mode: whoever is not to connect could not before and cannot now.
        const uint Unchanged = uint.MaxValue;
        if ((owner is not null || group is not null) && Libc.lchown(path, owner ?? Unchanged, group ?? Unchanged) < 0)
        {
            var refusal = Close($"give {path} to user {owner ?? Unchanged} and group {group ?? Unchanged} ({Unchanged}: as it is)");
            _ = Libc.unlink(path);
            throw refusal;
        }

        if (Libc.chmod(path, (uint)mode) < 0 || Libc.listen(_fd, LinuxLimits.UnixBacklogMax) < 0)
        {
            var failure = Close($"listen on {path}");
            _ = Libc.unlink(path);
            throw failure;
        }
    }

    public string Path { get; }

    /// <summary>Readable while a connection waits.</summary>
    public int FileDescriptor => _fd;

    /// <summary>Takes the next waiting connection. One that failed before it was taken is not reported.</summary>
    public bool TryAccept([NotNullWhen(true)] out UnixConnection? connection)
    {
        var fd = Libc.accept4(_fd, null, null, SocketConstants.SOCK_NONBLOCK | SocketConstants.SOCK_CLOEXEC);
        connection = fd >= 0 ? new UnixConnection(fd) : null;
        return connection is not null;
    }

    public void Dispose()
    {
        var fd = Interlocked.Exchange(ref _fd, -1);
        if (fd >= 0)
        {
            SocketFile.Remove(Path);
            _ = Libc.close(fd);
        }
    }

    internal static int OpenSocket()
    {
        var fd = Libc.socket(SocketConstants.AF_UNIX, SocketConstants.SOCK_STREAM | SocketConstants.SOCK_NONBLOCK | SocketConstants.SOCK_CLOEXEC, 0);
        return fd >= 0 ? fd : throw LinuxException.Last("socket AF_UNIX");
    }

    private LinuxException Close(string what)
    {
        var failure = LinuxException.Last(what);
        _ = Libc.close(_fd);
        _fd = -1;
        return failure;
    }
}
