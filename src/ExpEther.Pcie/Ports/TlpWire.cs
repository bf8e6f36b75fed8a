using ExpEther.Core.Time;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Pcie.Ports;

/// <summary>
/// Joins two ports inside a process, as a link joins two devices: takes a TLP from one only when the other can be offered it, and keeps
/// at most one refused TLP per direction in hand. Order is kept in each direction; the directions do not wait for each other.
/// </summary>
public sealed class TlpWire(ITlpPort upper, ITlpPort lower)
{
    private readonly Direction _down = new(upper, lower);
    private readonly Direction _up = new(lower, upper);

    /// <summary>TLPs delivered to the lower port so far.</summary>
    public long DownCount => _down.Count;

    /// <summary>TLPs delivered to the upper port so far.</summary>
    public long UpCount => _up.Count;

    /// <summary>Moves what can be moved, at most <paramref name="budget"/> TLPs each way.</summary>
    /// <returns>True when anything moved.</returns>
    public bool Pump(Instant now, int budget)
    {
        var moved = false;
        while (budget-- > 0)
        {
            var down = _down.MoveOne(now);
            var up = _up.MoveOne(now);
            if (!down && !up)
            {
                break;
            }

            moved = true;
        }

        return moved;
    }

    /// <summary>Forgets the TLPs in hand: the link went down, or one of the ports was reset.</summary>
    public void Clear()
    {
        _down.Clear();
        _up.Clear();
    }

    private sealed class Direction(ITlpPort from, ITlpPort to)
    {
        private readonly byte[] _inHand = new byte[TlpLimits.BytesMax];
        private int _length;

        public long Count { get; private set; }

        public bool MoveOne(Instant now)
        {
            if (_length == 0 && !from.TryTake(now, _inHand, out _length))
            {
                _length = 0;
                return false;
            }

            if (!to.TryAccept(_inHand.AsSpan(0, _length), now))
            {
                return false;
            }

            _length = 0;
            Count++;
            return true;
        }

        public void Clear() => _length = 0;
    }
}
