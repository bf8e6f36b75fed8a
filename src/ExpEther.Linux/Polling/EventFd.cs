using ExpEther.Linux.Native;

namespace ExpEther.Linux.Polling;

/// <summary>eventfd(2): how another thread wakes an owner that sleeps in a <see cref="Poller"/>. Set may be called from any thread.</summary>
public sealed unsafe class EventFd : IDisposable
{
    private int _fd;

    public EventFd()
    {
        _fd = Libc.eventfd(0, SocketConstants.EFD_CLOEXEC | SocketConstants.EFD_NONBLOCK);
        if (_fd < 0)
        {
            throw LinuxException.Last("eventfd");
        }
    }

    /// <summary>Readable while the event is set.</summary>
    public int FileDescriptor => _fd;

    /// <summary>Makes the descriptor readable until <see cref="Clear"/>. Does nothing once disposed.</summary>
    public void Set()
    {
        ulong one = 1;
        if (_fd >= 0)
        {
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
