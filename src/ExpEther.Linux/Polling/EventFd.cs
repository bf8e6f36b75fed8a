using ExpEther.Linux.Native;

namespace ExpEther.Linux.Polling;

/// <summary>
/// eventfd(2): how another thread or process is woken, an owner that sleeps in a <see cref="Poller"/> or a peer that gave us its event. Set may be
/// called from any thread.
/// </summary>
public sealed unsafe class EventFd : IDisposable
{
    private readonly bool _isPeers;
    private int _fd;

    public EventFd()
    {
        _fd = Libc.eventfd(0, SocketConstants.EFD_CLOEXEC | SocketConstants.EFD_NONBLOCK);
        if (_fd < 0)
        {
            throw LinuxException.Last("eventfd");
        }
    }

    /// <summary>An event that a peer gave us, of which this owns the descriptor. See <see cref="IsEvent"/>.</summary>
    public EventFd(int descriptor)
    {
        Check.That(descriptor >= 0);
        _fd = descriptor;
        _isPeers = true;
    }

    /// <summary>Readable while the event is set.</summary>
    public int FileDescriptor => _fd;

    /// <summary>Whether a descriptor is an eventfd, not something else that may block or be broken by what is written to it.</summary>
    public static bool IsEvent(int descriptor) => new FileInfo($"/proc/self/fd/{descriptor}").LinkTarget == "anon_inode:[eventfd]";

    /// <summary>Makes the descriptor readable until <see cref="Clear"/>. Does nothing once disposed.</summary>
    public void Set()
    {
        ulong one = 1;
        if (_fd >= 0)
        {
            if (_isPeers)
            {
                // The flag is shared with the peer, which may have cleared it and filled the counter: a write must never wait for it.
                _ = Libc.fcntl_number(_fd, FileConstants.F_SETFL, SocketConstants.EFD_NONBLOCK);
            }

            // EAGAIN: the counter is at its end, so it is set.
            _ = Libc.write(_fd, &one, sizeof(ulong));
        }
    }

    /// <summary>True when it was set since the last call.</summary>
    public bool Clear()
    {
        ulong count;
        return Libc.read(_fd, &count, sizeof(ulong)) == sizeof(ulong);
    }

    public void Dispose()
    {
        var fd = Interlocked.Exchange(ref _fd, -1);
        if (fd >= 0)
        {
            _ = Libc.close(fd);
        }
    }
}
