using ExpEther.Pcie;

namespace ExpEther.Bridge.Io.Sessions;

/// <summary>
/// Host_IO: the requester IDs that one host has on the device bus. Hosts have equal requester IDs and tags; here each has a device
/// number of its own on buses F0h to F7h, where no device is. A host that sends from several requester IDs gets a function number for each.
/// </summary>
internal sealed class HostIoRids(int host)
{
    private const int FirstBus = 0xF0;

    private readonly Rid[] _hostH = new Rid[IoBridgeLimits.HostRequestersMax];
    private int _count;

    /// <summary>The first, shown to people.</summary>
    public Rid Primary => At(0);

    /// <summary>Host_H to Host_IO. False: the host has sent from too many requester IDs.</summary>
    public bool TryMap(Rid hostH, out Rid hostIo)
    {
        for (var i = 0; i < _count; i++)
        {
            if (_hostH[i] == hostH)
            {
                hostIo = At(i);
                return true;
            }
        }

        if (_count == _hostH.Length)
        {
            hostIo = default;
            return false;
        }

        _hostH[_count] = hostH;
        hostIo = At(_count++);
        return true;
    }

    /// <summary>A new epoch: the host may number its buses anew.</summary>
    public void Clear() => _count = 0;

    private Rid At(int requester) => new(FirstBus + (host >> 5), host & 31, requester);
}
