using System.Buffers.Binary;
using ExpEther.Core.Time;
using ExpEther.Link.Ethernet;

namespace ExpEther.Simulation.Network;

/// <summary>
/// An Ethernet in virtual time that loses, duplicates, reorders, corrupts, delays and mislabels frames, swallows long ones and cuts stations off, all from one
/// seed. It does not filter by VLAN beyond what a switch's membership does: a mislabelled frame comes to its station in the wrong VLAN.
/// </summary>
internal sealed class SimNetwork(ulong seed, PathMtus paths, FaultCounts counts, RunHash hash)
{
    private const int HeaderBytes = 18;
    private const int VlanAt = 14;
    private const int NoStation = -1;

    private readonly SeededRandom _random = new(seed);
    private readonly PriorityQueue<(byte[] Frame, int Length, int From), (long At, long Order)> _underWay = new();
    private readonly List<NetworkStation> _stations = [];
    private readonly Stack<byte[]> _free = new();
    private long _order;

    /// <summary>Null: no one attacks.</summary>
    public Attacker? Attacker { get; set; }

    public NetworkConditions Conditions { get; set; } = NetworkConditions.Good;

    public long FramesSent { get; private set; }

    public Instant? NextDeadline => _underWay.TryPeek(out _, out var next) ? new Instant(next.At) : null;

    public void Add(NetworkStation station) => _stations.Add(station);

    public void Send(NetworkStation from, ReadOnlySpan<byte> frame, Instant now)
    {
        FramesSent++;
        hash.Add((ulong)now.Nanoseconds);
        hash.Add(frame);
        if (Attacker?.Takes(frame, now) == true)
        {
            return;
        }

        if (from.IsCut)
        {
            counts.Add("cut");
            return;
        }

        if (frame.Length - HeaderBytes > MtuOf(from, frame))
        {
            counts.Add("tooLong");
            return;
        }

        if (_random.Chance(Conditions.Loss))
        {
            counts.Add("loss");
            return;
        }

        Launch(from, frame, now);
        if (_random.Chance(Conditions.Duplication))
        {
            counts.Add("duplication");
            Launch(from, frame, now);
        }
    }

    /// <summary>
    /// A frame that no station sent now comes to the station that it names, unless the way there from the station that it names as its sender carries no frame
    /// so long: otherwise a link would take the way for wider than it is, and find out in the calm that follows.
    /// </summary>
    public void Inject(ReadOnlySpan<byte> frame, Instant at)
    {
        var sender = MacAddress.Read(frame[MacAddress.Bytes..]);
        foreach (var station in _stations)
        {
            if (station.Mac == sender && frame.Length - HeaderBytes > MtuOf(station, frame))
            {
                counts.Add("tooLong");
                return;
            }
        }

        var bytes = Room();
        frame.CopyTo(bytes);
        _underWay.Enqueue((bytes, frame.Length, NoStation), (at.Nanoseconds, _order++));
    }

    /// <summary>Hands the next frame that has arrived to those it is for.</summary>
    /// <returns>False when none has arrived yet.</returns>
    public bool TryDeliver(Instant now)
    {
        if (!_underWay.TryPeek(out var item, out var next) || next.At > now.Nanoseconds)
        {
            return false;
        }

        _underWay.Dequeue();
        var bytes = item.Frame.AsSpan(0, item.Length);
        var destination = MacAddress.Read(bytes);
        var vlan = new VlanId((ushort)(BinaryPrimitives.ReadUInt16BigEndian(bytes[VlanAt..]) & 0xFFF));
        var frame = new ReceivedFrame(destination, MacAddress.Read(bytes[MacAddress.Bytes..]), vlan, bytes[HeaderBytes..]);
        foreach (var station in _stations)
        {
            if (station.Number == item.From || (!destination.IsMulticast && station.Mac != destination))
            {
                continue;
            }

            if (station.IsCut || (item.From != NoStation && _stations[item.From].IsCut))
            {
                counts.Add("cut");
            }
            else
            {
                station.Receive(frame, now);
            }
        }

        _free.Push(item.Frame);
        return true;
    }

    private int MtuOf(NetworkStation from, ReadOnlySpan<byte> frame)
    {
        var destination = MacAddress.Read(frame);
        foreach (var station in _stations)
        {
            if (station.Mac == destination)
            {
                return paths.Of(from.Number, station.Number);
            }
        }

        return int.MaxValue;
    }

    private byte[] Room() => _free.TryPop(out var bytes) ? bytes : new byte[NetworkStation.FrameBytesMax];

    private void Launch(NetworkStation from, ReadOnlySpan<byte> frame, Instant now)
    {
        var bytes = Room();
        frame.CopyTo(bytes);
        if (_random.Chance(Conditions.Corruption))
        {
            // Beyond the Ethernet header: what a damaged address does is what loss does.
            counts.Add("corruption");
            for (var flips = 1 + _random.Next(4); flips > 0; flips--)
            {
                bytes[HeaderBytes + _random.Next(frame.Length - HeaderBytes)] ^= (byte)(1 << _random.Next(8));
            }
        }

        if (_random.Chance(Conditions.VlanFlip))
        {
            counts.Add("vlanFlip");
            BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(VlanAt), _stations[_random.Next(_stations.Count)].AnyVlan.Value);
        }

        var delay = Conditions.Delay;
        if (Conditions.Jitter > TimeSpan.Zero)
        {
            delay += Conditions.Jitter * (_random.Next(1000) / 1000.0);
        }

        if (_random.Chance(Conditions.Reordering))
        {
            counts.Add("reordering");
            delay += Conditions.HoldMax * (_random.Next(1000) / 1000.0);
        }

        _underWay.Enqueue((bytes, frame.Length, from.Number), ((now + delay).Nanoseconds, _order++));
    }
}
