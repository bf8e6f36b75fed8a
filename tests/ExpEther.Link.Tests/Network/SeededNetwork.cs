using ExpEther.Core.Time;
using ExpEther.Link.Ethernet;
using ExpEther.Link.Wire;

namespace ExpEther.Link.Tests.Network;

/// <summary>
/// A network in virtual time that loses, duplicates, reorders, corrupts and delays frames, all from one seed: the same seed gives the same
/// run. Stations are named by their MAC; a frame goes to its destination, a broadcast to all others. Frames are whole, tag and all.
/// </summary>
public sealed class SeededNetwork(ulong seed, NetworkFaults faults)
{
    private readonly SeededRandom _random = new(seed);
    private readonly PriorityQueue<byte[], (long At, long Order)> _inFlight = new();
    private long _order;

    public delegate FrameTrust Deliver(in ReceivedFrame frame, Instant now);

    public NetworkFaults Faults { get; set; } = faults;

    /// <summary>Nothing gets through while true; what is under way is lost too.</summary>
    public bool IsCut { get; set; }

    /// <summary>Sees every frame as it was sent, before anything happens to it.</summary>
    public Action<byte[]>? Tap { get; set; }

    /// <summary>Loses a frame on purpose.</summary>
    public Func<byte[], bool>? Drop { get; set; }

    public long FramesLost { get; private set; }

    public long FramesCorrupted { get; private set; }

    public Instant? NextDeadline => _inFlight.TryPeek(out _, out var next) ? new Instant(next.At) : null;

    public void Send(ReadOnlySpan<byte> frame, Instant now)
    {
        var bytes = frame.ToArray();
        Tap?.Invoke(bytes);
        if (IsCut || Drop?.Invoke(bytes) == true || bytes.Length - EthernetHeader.TaggedBytes > MtuOf(bytes) || _random.Chance(Faults.Loss))
        {
            FramesLost++;
            return;
        }

        Launch(bytes, now);
        if (_random.Chance(Faults.Duplication))
        {
            Launch([.. bytes], now);
        }
    }

    /// <summary>Hands the next frame that has arrived to the station it is for.</summary>
    /// <returns>False when none has arrived yet.</returns>
    public bool TryDeliver(Instant now, Func<MacAddress, Deliver?> station)
    {
        if (!_inFlight.TryPeek(out var bytes, out var next) || next.At > now.Nanoseconds)
        {
            return false;
        }

        _inFlight.Dequeue();
        if (IsCut)
        {
            FramesLost++;
            return true;
        }

        var frame = TaggedFrame.Read(bytes);
        station(frame.Destination)?.Invoke(frame, now);
        return true;
    }

    private int MtuOf(byte[] frame) => MacAddress.Read(frame) == LinkPair.ResponderMac ? Faults.MtuForth : Faults.MtuBack;

    private void Launch(byte[] bytes, Instant now)
    {
        if (_random.Chance(Faults.Corruption))
        {
            // Beyond the Ethernet header: what a damaged address does is what loss does.
            var at = 18 + _random.Next(bytes.Length - 18);
            bytes[at] ^= (byte)(1 << _random.Next(8));
            FramesCorrupted++;
        }

        var delay = Faults.Delay;
        if (Faults.Jitter > TimeSpan.Zero)
        {
            delay += Faults.Jitter * (_random.Next(1000) / 1000.0);
        }

        if (_random.Chance(Faults.Reordering))
        {
            delay += Faults.HoldMax * (_random.Next(1000) / 1000.0);
        }

        _inFlight.Enqueue(bytes, ((now + delay).Nanoseconds, _order++));
    }
}
