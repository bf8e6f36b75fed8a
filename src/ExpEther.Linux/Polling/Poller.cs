using ExpEther.Linux.Native;

namespace ExpEther.Linux.Polling;

/// <summary>
/// ppoll(2) over a set of file descriptors that changes rarely. One thread; other threads wake it through an <see cref="EventFd"/>.
/// Waiting allocates nothing.
/// </summary>
public sealed unsafe class Poller
{
    private const long NanosecondsPerSecond = 1_000_000_000;

    private readonly PollFd[] _set = GC.AllocateArray<PollFd>(LinuxLimits.PolledDescriptorsMax, pinned: true);
    private readonly Dictionary<int, int> _places = [];

    public int Count => _places.Count;

    /// <summary>Watches a descriptor; each at most once.</summary>
    public void Add(int fileDescriptor, PollEvents events)
    {
        Check.That(_places.Count < _set.Length && fileDescriptor >= 0);
        var place = _places.Count;
        _places.Add(fileDescriptor, place);
        _set[place] = new PollFd { Fd = fileDescriptor, Events = (short)events };
    }

    /// <summary>Changes what a watched descriptor is watched for.</summary>
    public void Change(int fileDescriptor, PollEvents events) => _set[_places[fileDescriptor]].Events = (short)events;

    /// <summary>Stops watching a descriptor; call it before closing it. One that is not watched is ignored.</summary>
    public void Remove(int fileDescriptor)
    {
        if (!_places.Remove(fileDescriptor, out var place))
        {
            return;
        }

        var last = _places.Count;
        if (place != last)
        {
            _set[place] = _set[last];
            _places[_set[place].Fd] = place;
        }
    }

    /// <summary>Sleeps until a descriptor is ready or the time is over. Zero looks without sleeping; null waits for ever.</summary>
    /// <returns>How many descriptors are ready; 0 at the timeout and when a signal came in between.</returns>
    public int Wait(TimeSpan? timeout) => Wait(timeout is { } span ? span.Ticks * TimeSpan.NanosecondsPerTick : null);

    /// <inheritdoc cref="Wait(TimeSpan?)"/>
    public int Wait(long? timeoutNanoseconds)
    {
        var nanoseconds = Math.Max(timeoutNanoseconds ?? 0, 0);
        var time = new Timespec { Seconds = nanoseconds / NanosecondsPerSecond, Nanoseconds = nanoseconds % NanosecondsPerSecond };
        int ready;

        // SAFETY: the array is pinned for its life and as long as the count says.
        fixed (PollFd* set = _set)
        {
            ready = Libc.ppoll(set, (nuint)_places.Count, timeoutNanoseconds is null ? null : &time, null);
        }

        if (ready >= 0)
        {
            return ready;
        }

        var error = Libc.LastError;
        Check.That(error == Errno.EINTR);
        foreach (ref var entry in _set.AsSpan(0, _places.Count))
        {
            entry.Revents = 0;
        }

        return 0;
    }

    /// <summary>What the last <see cref="Wait(long?)"/> found for a descriptor; None for one that is not watched.</summary>
    public PollEvents Ready(int fileDescriptor) =>
        _places.TryGetValue(fileDescriptor, out var place) ? (PollEvents)_set[place].Revents : PollEvents.None;
}
