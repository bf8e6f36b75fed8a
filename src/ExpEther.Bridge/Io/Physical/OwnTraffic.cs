using ExpEther.Core.Time;
using ExpEther.Pcie.Ports;
using ExpEther.Pcie.Tlp;
using ExpEther.RootComplex;

namespace ExpEther.Bridge.Io.Physical;

/// <summary>
/// Row 8: TLPs between the I/O bridge and a physical function. They pass here and nowhere else, so that nothing of them reaches a host's link, and
/// no host's TLP reaches the memory behind.
/// </summary>
internal sealed class OwnTraffic(PrivateRootComplex root, IPcieDevice device)
{
    private readonly byte[] _held = new byte[TlpLimits.BytesMax];
    private int _heldBytes;

    public Instant? NextDeadline => root.NextDeadline;

    /// <summary>Takes what the device sent if it is the I/O bridge's; anything else is left to others.</summary>
    public bool TryTakeFromDevice(in TlpView view, Instant now)
    {
        if (!root.IsMine(view))
        {
            return false;
        }

        Check.That(root.TryAccept(view.Bytes, now));
        return true;
    }

    /// <summary>Moves what the I/O bridge has to say; one TLP waits while the device has no room.</summary>
    /// <returns>True when anything moved.</returns>
    public bool Poll(Instant now)
    {
        var moved = root.Poll(now);
        for (var budget = IoBridgeLimits.TlpsPerDeviceAndTurnMax; budget > 0; budget--)
        {
            if (_heldBytes == 0 && !root.TryTake(now, _held, out _heldBytes))
            {
                break;
            }

            if (!device.TryAccept(_held.AsSpan(0, _heldBytes), now))
            {
                break;
            }

            _heldBytes = 0;
            moved = true;
        }

        return moved;
    }
}
