using ExpEther.Linux.Polling;

namespace ExpEther.Qemu.Slots;

/// <summary>
/// The device's request interrupt (linux/vfio.h: VFIO_PCI_REQ_IRQ_INDEX), by which a client is asked to let go of it. A client that begins to listen after it
/// was asked hears it at once.
/// </summary>
internal sealed class RequestInterrupt
{
    private EventFd? _wake;
    private bool _isAsked;

    /// <summary>The client listens.</summary>
    public bool IsHeard => _wake is not null;

    /// <returns>True the first time for this client.</returns>
    public bool TryAsk()
    {
        if (_isAsked)
        {
            return false;
        }

        _isAsked = true;
        _wake?.Set();
        return true;
    }

    /// <summary>The client listens by this event from now on, or (null) no more.</summary>
    public void Use(EventFd? wake)
    {
        _wake = wake;
        if (_isAsked)
        {
            wake?.Set();
        }
    }

    /// <summary>The client is gone.</summary>
    public void Clear() => (_wake, _isAsked) = (null, false);
}
