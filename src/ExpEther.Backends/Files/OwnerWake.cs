using ExpEther.Linux.Polling;

namespace ExpEther.Backends.Files;

/// <summary>
/// How workers wake an owner that sleeps: by a descriptor, at most once for each time that the owner announced it would sleep.
/// Announce, fence, look again: so no wake-up is lost.
/// </summary>
internal sealed class OwnerWake : IDisposable
{
    private readonly EventFd _event = new();
    private int _isAnnounced;
    private int _isWoken;

    public int FileDescriptor => _event.FileDescriptor;

    /// <summary>The owner's: before it looks for what is there.</summary>
    public void Clear()
    {
        if (Volatile.Read(ref _isWoken) != 0)
        {
            // Cleared before the look: what completes later sets it anew.
            Volatile.Write(ref _isWoken, 0);
            _event.Clear();
        }
    }

    /// <summary>The owner's: it found nothing.</summary>
    /// <returns>True: it must look once more. False: it announced that before.</returns>
    public bool Announce() => Interlocked.Exchange(ref _isAnnounced, 1) == 0;

    /// <summary>A worker's: there is something.</summary>
    public void Signal()
    {
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _isAnnounced) != 0 && Interlocked.Exchange(ref _isAnnounced, 0) != 0)
        {
            _event.Set();
            Volatile.Write(ref _isWoken, 1);
        }
    }

    public void Dispose() => _event.Dispose();
}
