using ExpEther.Core.Time;
using ExpEther.Link;
using ExpEther.Link.Ethernet;
using ExpEther.Link.Taps;

namespace ExpEther.Bridge.Hosts;

/// <summary>
/// The I/O boxes of the VLAN, by MAC. Any box may ask for a link; only one that holds the key is listened to, so that forged frames
/// cost no memory. When the table is full, a box whose link has been down for a while loses its place to the next.
/// </summary>
internal sealed class BoxTable(HostBridgeOptions options, SlotTable slots, IRandomSource random, IEventSink events)
{
    private readonly Dictionary<MacAddress, BoxLink> _byMac = [];
    private readonly List<BoxLink> _all = [];
    private HostBridgeCounters _counters;

    /// <summary>A list, not an interface: it is walked at every turn and must not allocate an enumerator.</summary>
    public List<BoxLink> All => _all;

    /// <summary>That of every link, those still to come included.</summary>
    public ITlpTap? Tap
    {
        get;
        set
        {
            field = value;
            foreach (var box in _all)
            {
                box.Link.Tap = value;
            }
        }
    }

    public HostBridgeCounters Counters
    {
        get
        {
            var sum = _counters;
            foreach (var box in _all)
            {
                Add(ref sum, box.Counters);
            }

            return sum;
        }
    }

    public void OnFrame(in ReceivedFrame frame, Instant now)
    {
        if (frame.Vlan == options.Vlan && frame.Destination.IsMulticast)
        {
            // Other host bridges announce themselves here too.
            return;
        }

        if (frame.Vlan != options.Vlan || frame.Destination != options.Mac)
        {
            _counters.FramesNotForUs++;
            return;
        }

        if (!_byMac.TryGetValue(frame.Source, out var box))
        {
            if (frame.Source.IsMulticast || !FrameDemux.IsAuthenticInit(frame, BoxLink.LinkTo(frame.Source, options))
                || TryAdd(frame.Source, now) is not { } added)
            {
                _counters.FramesOfStrangers++;
                return;
            }

            box = added;
        }

        box.Link.OnFrame(frame, now);
    }

    private BoxLink? TryAdd(MacAddress mac, Instant now)
    {
        if (_all.Count >= HostBridgeLimits.BoxesMax && !TryEvict(now))
        {
            return null;
        }

        var box = new BoxLink(options, mac, slots, random, events);
        box.Link.Tap = Tap;
        _byMac.Add(mac, box);
        _all.Add(box);
        box.Open(now);
        return box;
    }

    private bool TryEvict(Instant now)
    {
        BoxLink? longest = null;
        foreach (var box in _all)
        {
            if (!box.IsUp && (longest is null || box.DownSince < longest.DownSince))
            {
                longest = box;
            }
        }

        if (longest is null || now < longest.DownSince + TimeSpan.FromSeconds(HostBridgeLimits.BoxDownSecondsMin))
        {
            return false;
        }

        longest.Link.Close(LinkDownReason.Closed, now);
        Add(ref _counters, longest.Counters);
        _byMac.Remove(longest.Mac);
        _all.Remove(longest);
        return true;
    }

    private static void Add(ref HostBridgeCounters sum, in HostBridgeCounters more)
    {
        sum.StaleTlps += more.StaleTlps;
        sum.BadControlMessages += more.BadControlMessages;
        sum.FunctionsRefused += more.FunctionsRefused;
        sum.QueueOverflows += more.QueueOverflows;
    }
}
