using ExpEther.Core.Time;
using ExpEther.Link.Ethernet;

namespace ExpEther.Ethernet.Switch;

/// <summary>
/// Which port an address was last heard from, per VLAN (IEEE 802.1Q §8.8, independent learning). Bounded: when it is full of young
/// entries, a new address is not learned and its frames are flooded.
/// <para>
/// An address moves to another port only after <see cref="EthernetLimits.LearnedAddressHold"/> of silence at the one it has: 802.1Q would move it with
/// every frame, and a second station of the same address, or a forger, would take what is sent to the first. A cable that was pulled is forgotten at
/// once. A frame from elsewhere earns one answer no longer than itself, so that a second station of one address hears that the first is there.
/// </para>
/// </summary>
internal sealed class LearningTable
{
    private static readonly TimeSpan Age = TimeSpan.FromSeconds(EthernetLimits.LearnedAddressSecondsMax);
    private static readonly TimeSpan SweepPause = TimeSpan.FromSeconds(1);

    private readonly Dictionary<ulong, Entry> _entries = new(EthernetLimits.LearnedAddressesMax);
    private Instant _nextSweep;

    public int Count => _entries.Count;

    /// <param name="vlan">The VLAN of the frame.</param>
    /// <param name="mac">Its source.</param>
    /// <param name="port">Where it came in.</param>
    /// <param name="bytes">The length of its payload.</param>
    /// <param name="now">The caller's time.</param>
    /// <returns>What became of an address that was known at another port; <see cref="StationMove.None"/>: it was not.</returns>
    public StationMove Learn(VlanId vlan, MacAddress mac, int port, int bytes, Instant now)
    {
        var key = Key(vlan, mac);
        if (_entries.TryGetValue(key, out var known) && known.Port != port && now - known.Heard < Age)
        {
            if (now - known.Heard < EthernetLimits.LearnedAddressHold)
            {
                _entries[key] = known with { OwedPort = port, OwedBytes = bytes };
                return StationMove.Refused;
            }

            _entries[key] = new Entry(port, now);
            return StationMove.Moved;
        }

        if (_entries.Count >= EthernetLimits.LearnedAddressesMax && !_entries.ContainsKey(key) && !MakeRoom(now))
        {
            return StationMove.None;
        }

        _entries[key] = known.Heard != default && known.Port == port ? known with { Heard = now } : new Entry(port, now);
        return StationMove.None;
    }

    /// <summary>The port of an address; -1 when it is not known or too old.</summary>
    public int Find(VlanId vlan, MacAddress mac, Instant now) =>
        _entries.TryGetValue(Key(vlan, mac), out var entry) && now - entry.Heard < Age ? entry.Port : -1;

    /// <summary>Is a copy of a frame for this address owed to another port? Then not again.</summary>
    public bool TryTakeOwed(VlanId vlan, MacAddress mac, int bytes, out int port)
    {
        var key = Key(vlan, mac);
        if (!_entries.TryGetValue(key, out var entry) || entry.OwedBytes < bytes)
        {
            port = -1;
            return false;
        }

        port = entry.OwedPort;
        _entries[key] = entry with { OwedBytes = 0 };
        return true;
    }

    public void Forget(int port)
    {
        foreach (var (key, entry) in _entries)
        {
            if (entry.Port == port)
            {
                _entries.Remove(key);
            }
        }
    }

    private bool MakeRoom(Instant now)
    {
        // A flood of forged sources must not cost a sweep per frame.
        if (now < _nextSweep)
        {
            return false;
        }

        _nextSweep = now + SweepPause;
        foreach (var (key, entry) in _entries)
        {
            if (now - entry.Heard >= Age)
            {
                _entries.Remove(key);
            }
        }

        return _entries.Count < EthernetLimits.LearnedAddressesMax;
    }

    private static ulong Key(VlanId vlan, MacAddress mac) => ((ulong)vlan.Value << 48) | mac.Value;

    private readonly record struct Entry(int Port, Instant Heard, int OwedPort = -1, int OwedBytes = 0);
}
