using System.Buffers.Binary;
using ExpEther.Core.Time;
using ExpEther.Link.Ethernet;

namespace ExpEther.Simulation.Network;

/// <summary>
/// Owns the wire, has no key: keeps frames of all time and every kind, set-up included, and sends them again where and when it likes, holds back, drops,
/// turns round and forges. What it is best at is a siege: data is cut off between two stations while set-up passes, and each message of set-up is
/// surrounded by older ones and by itself.
/// </summary>
internal sealed class Attacker(SeededRandom random, SimNetwork network, IReadOnlyList<NetworkStation> stations, FaultCounts counts)
{
    private const int HeaderBytes = 18;
    private const int VlanAt = 14;
    private const int TypeAt = HeaderBytes + 1;
    private const int KeptMax = 192;
    private const int HeldMax = 64;

    private readonly List<byte[]> _setUp = [];
    private readonly List<byte[]> _data = [];
    private readonly List<byte[]> _held = [];
    private NetworkStation? _victim;
    private NetworkStation? _other;
    private Instant _siegeUntil;
    private Instant _holdUntil;
    private bool _isOver;

    /// <summary>Sees a frame before the network does.</summary>
    /// <returns>True: it does not go on.</returns>
    public bool Takes(ReadOnlySpan<byte> frame, Instant now)
    {
        if (_isOver)
        {
            return false;
        }

        var isSetUp = IsSetUp(frame);
        Keep(isSetUp ? _setUp : _data, frame);
        if (!IsBetweenVictims(frame))
        {
            return false;
        }

        if (now < _siegeUntil)
        {
            if (!isSetUp)
            {
                counts.Add("attackCutOff");
                return true;
            }

            Surround(frame, now);
            return random.Chance(0.1);
        }

        if (now < _holdUntil && _held.Count < HeldMax)
        {
            counts.Add("attackHold");
            _held.Add(frame.ToArray());
            return true;
        }

        return false;
    }

    /// <summary>Does something. Called now and then.</summary>
    public void Strike(Instant now)
    {
        Release(now);
        (_victim, _other) = (stations[random.Next(stations.Count)], stations[random.Next(stations.Count)]);
        switch (random.Next(6))
        {
            case 0:
                counts.Add("attackSiege");
                _siegeUntil = now + TimeSpan.FromMilliseconds(20 + random.Next(random.Chance(0.3) ? 6000 : 800));
                break;
            case 1:
                _holdUntil = now + TimeSpan.FromMilliseconds(1 + random.Next(2000));
                break;
            case 2:
                Times(30, () => Forge(now));
                break;
            case 3:
                Times(10, () => TurnRound(now));
                break;
            case 4:
                Times(60, () => Replay(_setUp, now, 20_000));
                break;
            default:
                Times(30, () => Replay(_data, now, 20_000));
                break;
        }
    }

    /// <summary>Leaves the wire alone from now on.</summary>
    public void Stop(Instant now)
    {
        Release(now);
        _isOver = true;
    }

    private static bool IsSetUp(ReadOnlySpan<byte> frame) => frame[TypeAt] is not (0 or 4 or 5);

    private bool IsBetweenVictims(ReadOnlySpan<byte> frame)
    {
        var (to, from) = (MacAddress.Read(frame), MacAddress.Read(frame[MacAddress.Bytes..]));
        return _victim is not null && _other is not null
            && (_victim == _other ? to == _victim.Mac || from == _victim.Mac
                : (to == _victim.Mac && from == _other.Mac) || (to == _other.Mac && from == _victim.Mac));
    }

    private void Keep(List<byte[]> kept, ReadOnlySpan<byte> frame)
    {
        if (kept.Count < KeptMax)
        {
            kept.Add(frame.ToArray());
        }
        else if (random.Chance(0.2))
        {
            kept[random.Next(kept.Count)] = frame.ToArray();
        }
    }

    /// <summary>A message of set-up between older ones of both directions and itself, in any order.</summary>
    private void Surround(ReadOnlySpan<byte> frame, Instant now)
    {
        var own = frame.ToArray();
        Times(12, () =>
        {
            counts.Add("attackSurround");
            Replay(_setUp, now, 2000);
            if (random.Chance(0.5))
            {
                network.Inject(own, now + TimeSpan.FromMicroseconds(random.Next(2000)));
            }
        });
    }

    private void Release(Instant now)
    {
        for (var i = _held.Count - 1; i >= 0; i--)
        {
            // The last comes first.
            network.Inject(_held[i], now + TimeSpan.FromMicroseconds(_held.Count - i));
        }

        _held.Clear();
    }

    private void Replay(List<byte[]> kept, Instant now, int microsecondsMax)
    {
        if (kept.Count > 0)
        {
            counts.Add(kept == _setUp ? "attackReplaySetUp" : "attackReplay");
            network.Inject(kept[random.Next(kept.Count)], now + TimeSpan.FromMicroseconds(random.Next(microsecondsMax)));
        }
    }

    private void TurnRound(Instant now)
    {
        var kept = random.Chance(0.5) ? _setUp : _data;
        if (kept.Count == 0)
        {
            return;
        }

        counts.Add("attackTurnRound");
        var frame = kept[random.Next(kept.Count)].ToArray();
        var to = MacAddress.Read(frame);
        frame.AsSpan(MacAddress.Bytes, MacAddress.Bytes).CopyTo(frame);
        to.Write(frame.AsSpan(MacAddress.Bytes));
        if (random.Chance(0.3))
        {
            BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(VlanAt), stations[random.Next(stations.Count)].AnyVlan.Value);
        }

        network.Inject(frame, now + TimeSpan.FromMicroseconds(random.Next(20_000)));
    }

    /// <summary>A frame as the format has it, without the tag that belongs to it: other numbers, another type, another epoch, other bytes.</summary>
    private void Forge(Instant now)
    {
        var kept = random.Chance(0.5) ? _setUp : _data;
        if (kept.Count == 0)
        {
            return;
        }

        counts.Add("attackForge");
        var frame = kept[random.Next(kept.Count)].ToArray();
        switch (random.Next(4))
        {
            case 0:
                frame[TypeAt] = (byte)random.Next(9);
                break;
            case 1:
                // FrameNumber, of a key to come as well.
                BinaryPrimitives.WriteUInt64LittleEndian(frame.AsSpan(HeaderBytes + 16), random.NextUInt64() >> random.Next(64));
                break;
            case 2:
                frame[HeaderBytes + 8 + random.Next(4)] ^= (byte)(1 + random.Next(255));
                break;
            default:
                random.Fill(frame.AsSpan(HeaderBytes + 64 + random.Next(Math.Max(1, frame.Length - HeaderBytes - 64))));
                break;
        }

        network.Inject(frame, now + TimeSpan.FromMicroseconds(random.Next(20_000)));
    }

    private void Times(int max, Action what)
    {
        for (var n = 1 + random.Next(max); n > 0; n--)
        {
            what();
        }
    }
}
