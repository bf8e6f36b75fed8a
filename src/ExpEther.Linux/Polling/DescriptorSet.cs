using ExpEther.Linux.Native;

namespace ExpEther.Linux.Polling;

/// <summary>
/// Several descriptors seen as one (epoll(7)): <see cref="FileDescriptor"/> is readable while any of them has what it is watched for. It never
/// changes, so an owner loop watches it once, however those in the set come and go.
/// </summary>
public sealed unsafe class DescriptorSet : IDisposable
{
    private int _epoll;

    public DescriptorSet()
    {
        _epoll = Libc.epoll_create1(SocketConstants.EPOLL_CLOEXEC);
        if (_epoll < 0)
        {
            throw LinuxException.Last("epoll_create1");
        }
    }

    /// <summary>Watch it for <see cref="PollEvents.Readable"/>; belongs to this object.</summary>
    public int FileDescriptor => _epoll;

    /// <summary>Watches a descriptor; each at most once. An error or a hang-up of it always counts.</summary>
    public void Add(int fileDescriptor, PollEvents events) => Control(SocketConstants.EPOLL_CTL_ADD, fileDescriptor, events);

    /// <summary>Changes what a watched descriptor is watched for.</summary>
    public void Change(int fileDescriptor, PollEvents events) => Control(SocketConstants.EPOLL_CTL_MOD, fileDescriptor, events);

    /// <summary>Stops watching a descriptor; call it before closing it.</summary>
    public void Remove(int fileDescriptor) => Control(SocketConstants.EPOLL_CTL_DEL, fileDescriptor, PollEvents.None);

    public void Dispose()
    {
        var epoll = Interlocked.Exchange(ref _epoll, -1);
        if (epoll >= 0)
        {
            _ = Libc.close(epoll);
        }
    }

    private void Control(int operation, int fileDescriptor, PollEvents events)
    {
        // poll's bits are epoll's (sys/epoll.h).
        var change = new EpollEvent { Events = (uint)events };
        if (Libc.epoll_ctl(_epoll, operation, fileDescriptor, &change) < 0)
        {
            throw LinuxException.Last($"epoll_ctl {operation} of descriptor {fileDescriptor}");
        }
    }
}
