using ExpEther.Linux.Native;

namespace ExpEther.Linux.Polling;

/// <summary>
/// Several descriptors seen as one (epoll(7)): <see cref="FileDescriptor"/> is readable while any of them has what it is watched for. It never
/// changes, so an owner loop watches it once, however those in the set come and go.
/// </summary>
public sealed unsafe class DescriptorSet : IDisposable
{
    /// <summary>Told by one look; what does not fit is told by the next, since the kernel goes round.</summary>
    private const int ReadyMax = 64;

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
    /// <param name="fileDescriptor">The descriptor.</param>
    /// <param name="events">What it is watched for.</param>
    /// <param name="place">Of it in what <see cref="Look"/> tells; several may share one.</param>
    public void Add(int fileDescriptor, PollEvents events, int place = 0) => Control(SocketConstants.EPOLL_CTL_ADD, fileDescriptor, events, place);

    /// <summary>Looks, without waiting, which descriptors have what they are watched for: one system call for all of them.</summary>
    /// <param name="ready">Becomes true at the places of those that have; others are left as they are.</param>
    /// <returns>True when there was one.</returns>
    public bool Look(Span<bool> ready)
    {
        var events = stackalloc byte[ReadyMax * EpollEvent.Stride];
        var count = Libc.epoll_wait(_epoll, events, Math.Min(ready.Length, ReadyMax), 0);
        for (var i = 0; i < count; i++)
        {
            ready[(int)EpollEvent.At(events, i).Data] = true;
        }

        return count > 0;
    }

    /// <summary>Changes what a watched descriptor, whose place is 0, is watched for.</summary>
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

    private void Control(int operation, int fileDescriptor, PollEvents events, int place = 0)
    {
        // poll's bits are epoll's (sys/epoll.h).
        var change = new EpollEvent { Events = (uint)events, Data = (uint)place };
        if (Libc.epoll_ctl(_epoll, operation, fileDescriptor, &change) < 0)
        {
            throw LinuxException.Last($"epoll_ctl {operation} of descriptor {fileDescriptor}");
        }
    }
}
