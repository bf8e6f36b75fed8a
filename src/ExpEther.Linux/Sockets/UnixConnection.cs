using ExpEther.Linux.Native;

namespace ExpEther.Linux.Sockets;

/// <summary>One end of a UNIX stream connection, nonblocking. A closed peer is a value, not an exception; SIGPIPE is never raised.</summary>
public sealed unsafe partial class UnixConnection : IDisposable
{
    private int _fd;

    internal UnixConnection(int fd) => _fd = fd;

    /// <summary>To poll; belongs to this object.</summary>
    public int FileDescriptor => _fd;

    public PeerCredentials Peer => PeerCredentials.Of(_fd);

    /// <summary>Connects to a listener. Does not wait: a UNIX listener either takes it at once or has a full backlog.</summary>
    /// <exception cref="LinuxException">ENOENT: no such socket file. ECONNREFUSED: nobody listens on it. EACCES: not allowed. EAGAIN: backlog full.</exception>
    public static UnixConnection Connect(string path)
    {
        var address = UnixAddress.Of(path);
        var fd = UnixListener.OpenSocket();
        if (Libc.connect(fd, &address, (uint)sizeof(SockAddrUn)) < 0)
        {
            var error = Libc.LastError;
            _ = Libc.close(fd);
            throw new LinuxException($"connect to {path}", error);
        }

        return new UnixConnection(fd);
    }

    /// <summary>A connection whose descriptor another process gave us, of which this owns the descriptor.</summary>
    public static UnixConnection Of(int descriptor)
    {
        Check.That(descriptor >= 0);
        return new UnixConnection(descriptor);
    }

    /// <summary>Ends it for the peer at once, also where other processes have descriptors of it.</summary>
    public void ShutDown() => _ = Libc.shutdown(_fd, SocketConstants.SHUT_RDWR);

    /// <summary>Receives what has come in, at most <paramref name="into"/>'s length (not 0).</summary>
    public StreamStatus TryReceive(Span<byte> into, out int bytes)
    {
        Check.That(into.Length > 0);
        nint received;
        fixed (byte* buffer = into)
        {
            received = Libc.recv(_fd, buffer, (nuint)into.Length, 0);
        }

        bytes = (int)Math.Max(received, 0);
        return received > 0 ? StreamStatus.Moved : received == 0 ? StreamStatus.Closed : StatusOfError();
    }

    /// <summary>Sends as much as there is room for; <paramref name="bytes"/> tells how much went.</summary>
    public StreamStatus TrySend(ReadOnlySpan<byte> from, out int bytes)
    {
        nint sent;
        fixed (byte* buffer = from)
        {
            sent = Libc.send(_fd, buffer, (nuint)from.Length, SocketConstants.MSG_NOSIGNAL);
        }

        bytes = (int)Math.Max(sent, 0);
        return sent >= 0 ? StreamStatus.Moved : StatusOfError();
    }

    public void Dispose()
    {
        var fd = Interlocked.Exchange(ref _fd, -1);
        if (fd >= 0)
        {
            _ = Libc.close(fd);
        }
    }

    // Whatever else goes wrong on a connected stream, it is of no further use.
    private static StreamStatus StatusOfError() => Libc.LastError is Errno.EAGAIN or Errno.EINTR ? StreamStatus.WouldBlock : StreamStatus.Closed;
}
