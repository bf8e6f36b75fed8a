using System.Diagnostics.CodeAnalysis;
using ExpEther.Linux.Native;

namespace ExpEther.Linux.Sockets;

/// <summary>
/// A UNIX stream socket that is listened on, nonblocking, as a file of a given mode. A socket left by a process that died is replaced;
/// one that a process listens on, and everything that is no socket, is refused (<see cref="SocketFile"/>). The path is its maker's alone
/// (<see cref="SocketClaim"/>), and the file goes when this is disposed.
/// </summary>
public sealed unsafe class UnixListener : IDisposable
{
    private readonly SocketClaim _claim;
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
        _claim = new SocketClaim(path);
        try
        {
            _fd = OpenSocket();
            Bind(address, mode, owner, group);
        }
        catch
        {
            _claim.Dispose();
            throw;
        }
    }

    private UnixListener(string path, int descriptor, SocketClaim claim) => (Path, _fd, _claim) = (path, descriptor, claim);

    public string Path { get; }

    /// <summary>Readable while a connection waits.</summary>
    public int FileDescriptor => _fd;

    /// <summary>
    /// Takes over a socket on which another process listened, with the connections that wait there. The file gets the mode and owner that are given.
    /// </summary>
    /// <param name="path">Where it should be bound.</param>
    /// <param name="descriptor">Of the socket; closed here, also when it is not taken.</param>
    /// <param name="mode">As at a new one.</param>
    /// <param name="owner">As at a new one.</param>
    /// <param name="group">As at a new one.</param>
    /// <returns>Null: it is no such socket, or its file is gone.</returns>
    /// <exception cref="LinuxException">EPERM: the file cannot be given to that user or group.</exception>
    public static UnixListener? TryTakeOver(string path, int descriptor, UnixFileMode mode, uint? owner, uint? group)
    {
        if (!IsListening(descriptor) || !IsBoundTo(descriptor, path) || !SocketFile.Exists(path))
        {
            _ = Libc.close(descriptor);
            return null;
        }

        SocketClaim? claim = null;
        try
        {
            claim = SocketClaim.OfSocketThere(path);
            var listener = new UnixListener(path, descriptor, claim);
            listener.SetAccess(mode, owner, group);
            return listener;
        }
        catch
        {
            if (claim is null)
            {
                _ = Libc.close(descriptor);
            }

            claim?.Dispose();
            throw;
        }
    }

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
            _claim.Dispose();
        }
    }

    internal static int OpenSocket()
    {
        var fd = Libc.socket(SocketConstants.AF_UNIX, SocketConstants.SOCK_STREAM | SocketConstants.SOCK_NONBLOCK | SocketConstants.SOCK_CLOEXEC, 0);
        return fd >= 0 ? fd : throw LinuxException.Last("socket AF_UNIX");
    }

    private static bool IsListening(int descriptor)
    {
        int listens;
        var length = (uint)sizeof(int);
        return Libc.getsockopt(descriptor, SocketConstants.SOL_SOCKET, SocketConstants.SO_ACCEPTCONN, &listens, &length) == 0 && listens != 0;
    }

    private static bool IsBoundTo(int descriptor, string path)
    {
        var wanted = UnixAddress.Of(path);
        SockAddrUn bound = default;
        var length = (uint)sizeof(SockAddrUn);
        return Libc.getsockname(descriptor, &bound, &length) == 0
            && new ReadOnlySpan<byte>(&bound, sizeof(SockAddrUn)).SequenceEqual(new ReadOnlySpan<byte>(&wanted, sizeof(SockAddrUn)));
    }

    private void SetAccess(UnixFileMode mode, uint? owner, uint? group)
    {
        // The owner before the mode: who is not to connect could not before and cannot now.
        const uint Unchanged = uint.MaxValue;
        if ((owner is not null || group is not null) && Libc.lchown(Path, owner ?? Unchanged, group ?? Unchanged) < 0)
        {
            throw CloseAndRemove($"give {Path} to user {owner ?? Unchanged} and group {group ?? Unchanged} ({Unchanged}: as it is)");
        }

        if (Libc.chmod(Path, (uint)mode) < 0)
        {
            throw CloseAndRemove($"change the mode of {Path}");
        }
    }

    private LinuxException CloseAndRemove(string what)
    {
        var failure = Close(what);
        _ = Libc.unlink(Path);
        return failure;
    }

    private void Bind(SockAddrUn at, UnixFileMode mode, uint? owner, uint? group)
    {
        // The mode before bind is the most the file is ever created with (less the umask), so there is no moment of a wider one.
        if (Libc.fchmod(_fd, (uint)mode) < 0 || Libc.bind(_fd, &at, (uint)sizeof(SockAddrUn)) < 0)
        {
            throw Close($"bind {Path}");
        }

        SetAccess(mode, owner, group);
        if (Libc.listen(_fd, LinuxLimits.UnixBacklogMax) < 0)
        {
            throw CloseAndRemove($"listen on {Path}");
        }
    }

    private LinuxException Close(string what)
    {
        var failure = LinuxException.Last(what);
        _ = Libc.close(_fd);
        _fd = -1;
        return failure;
    }
}
