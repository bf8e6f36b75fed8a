using ExpEther.Core.Time;
using ExpEther.Link.Ethernet;

namespace ExpEther.Ethernet.Switch;

/// <summary>
/// Which port an address was last heard from, per VLAN (IEEE 802.1Q §8.8, independent learning). Bounded: when it is full of young
/// entries, a new address is not learned and its frames are flooded.
/// </summary>
internal sealed class LearningTable
{
    private static readonly TimeSpan Age = TimeSpan.FromSeconds(EthernetLimits.LearnedAddressSecondsMax);
    private static readonly TimeSpan SweepPause = TimeSpan.FromSeconds(1);

    private readonly Dictionary<ulong, Entry> _entries = new(EthernetLimits.LearnedAddressesMax);
    private Instant _nextSweep;

    public int Count => _entries.Count;

    public void Learn(VlanId vlan, MacAddress mac, int port, Instant now)
    {
        var key = Key(vlan, mac);
        if (_entries.Count >= EthernetLimits.LearnedAddressesMax && !_entries.ContainsKey(key) && !MakeRoom(now))
        {
            return;
        }

        _entries[key] = new Entry(port, now);
    }

    /// <summary>The port of an address; -1 when it is not known or too old.</summary>
    public int Find(VlanId vlan, MacAddress mac, Instant now) =>
        _entries.TryGetValue(Key(vlan, mac), out var entry) && now - entry.Heard < Age ? entry.Port : -1;

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

    private readonly record struct Entry(int Port, Instant Heard);
}
