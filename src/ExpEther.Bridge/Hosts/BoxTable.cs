using ExpEther.Bridge.Diagnosis;
using ExpEther.Core.Time;
using ExpEther.Link;
using ExpEther.Link.Announcements;
using ExpEther.Link.Ethernet;
using ExpEther.Link.Taps;

namespace ExpEther.Bridge.Hosts;

/// <summary>
/// The I/O boxes of the VLAN, by MAC. Any box may ask for a link; only one that holds the key is listened to, so that forged frames
/// cost no memory. When the table is full, a box whose link has been down for a while loses its place to the next.
/// </summary>
internal sealed class BoxTable
{
    private readonly SlotTable _slots;
    private readonly IRandomSource _random;
    private readonly IEventSink _events;
    private readonly MisfitTable _misfits;
    private readonly TwinWatch _twin = new(HostBridgeLimits.TwinLife);
    private readonly HashSet<string> _namesTold = [];
    private readonly Dictionary<MacAddress, BoxLink> _byMac = [];
    private readonly List<BoxLink> _all = [];
    private readonly Queue<EtherLink> _leaving = new();
    private HostBridgeOptions _options;
    private HostBridgeCounters _counters;
    private Instant _nextLook;
    private Guid _guest;

    public BoxTable(HostBridgeOptions options, SlotTable slots, IRandomSource random, IEventSink events)
    {
        _options = options;
        _slots = slots;
        _random = random;
        _events = events;
        _misfits = new MisfitTable(options, events);
    }

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

    public bool IsLeaving => _leaving.Count > 0;

    /// <summary>Boxes without a link whose set-up does not fit this end.</summary>
    public IEnumerable<(MacAddress Mac, SetupTrouble Trouble)> Misfits(Instant now) => _misfits.At(now);

    /// <summary>Other times of silence, which living links take on; another key ends them all, and boxes that have it set them up anew.</summary>
    /// <param name="options">As before but for those.</param>
    /// <param name="now">The owner's time.</param>
    public void Change(HostBridgeOptions options, Instant now)
    {
        var isOtherKey = !options.Key.AsSpan().SequenceEqual(_options.Key);
        _options = options;
        foreach (var box in _all)
        {
            box.Link.ChangeTimes(options.LinkDead, options.PathSilent);
        }

        if (isOtherKey)
        {
            CloseAll(now);
            foreach (var box in _all)
            {
                Add(ref _counters, box.Counters);
                _leaving.Enqueue(box.Link);
            }

            _all.Clear();
            _byMac.Clear();
            _misfits.Clear();
        }
    }

    /// <summary>Tells all boxes that a guest runs here; those whose link comes up later, too.</summary>
    /// <param name="guest">Its UUID; all zeros: none runs here, which is not said.</param>
    public void TellGuest(Guid guest)
    {
        _guest = guest;
        foreach (var box in _all)
        {
            box.TellGuest(guest);
        }
    }

    public void CloseAll(Instant now)
    {
        foreach (var box in _all)
        {
            box.Close(now);
        }
    }

    /// <summary>The good-byes of links that ended here.</summary>
    public bool TryTakeLeavingFrame(Instant now, Span<byte> into, out int written)
    {
        while (_leaving.TryPeek(out var link))
        {
            if (link.TryTakeFrame(now, into, out written))
            {
                return true;
            }

            _leaving.Dequeue().Dispose();
        }

        written = 0;
        return false;
    }

    /// <summary>What is slow: troubles of set-up.</summary>
    public void Watch(Instant now)
    {
        if (now < _nextLook)
        {
            return;
        }

        _nextLook = now + HostBridgeLimits.LookInterval;
        foreach (var box in _all)
        {
            box.Watch(now);
        }

        if (_twin.TakeReport(now))
        {
            _events.Report(EventSeverity.Warning, _options.Name, SetupTroubleText.Of(SetupTrouble.OursIsTaken, "a box", _options.Sealed));
        }

        WatchNames();
    }

    /// <summary>Does another station announce itself with this bridge's VLAN and MAC?</summary>
    public bool HasTwin(Instant now) => _twin.IsThere(now);

    /// <summary>Another box that is up under this one's name; null: there is none.</summary>
    public BoxLink? NamesakeOf(BoxLink box) =>
        box.IsUp && box.Name.Length > 0 ? _all.Find(other => other != box && other.IsUp && other.Name == box.Name) : null;

    /// <summary>Names of two boxes, each once for as long as both are up.</summary>
    private void WatchNames()
    {
        _namesTold.RemoveWhere(name => !_all.Exists(box => box.Name == name && NamesakeOf(box) is not null));
        foreach (var box in _all)
        {
            if (NamesakeOf(box) is { } other && _namesTold.Add(box.Name))
            {
                _events.Report(
                    EventSeverity.Warning, _options.Name,
                    SetupTroubleText.Of(SetupTrouble.NameTaken, $"box {box.Name} ({box.Mac} and {other.Mac})", _options.Sealed));
            }
        }
    }

    /// <returns>How far it proves its sender.</returns>
    public FrameTrust OnFrame(in ReceivedFrame frame, Instant now)
    {
        if (frame.Vlan == _options.Vlan && frame.Destination.IsMulticast)
        {
            // Other host bridges announce themselves here too; one in our own name is a second station of our identity.
            if (frame.Source == _options.Mac && Announcement.TryParse(frame) is { } heard && heard.Incarnation != (uint)_options.Incarnation)
            {
                _twin.See(now);
            }

            return FrameTrust.None;
        }

        if (frame.Vlan != _options.Vlan || frame.Destination != _options.Mac)
        {
            _counters.FramesNotForUs++;
            return FrameTrust.None;
        }

        if (!_byMac.TryGetValue(frame.Source, out var box))
        {
            if (frame.Source.IsMulticast || !FrameDemux.IsAuthenticRequest(frame, BoxLink.LinkTo(frame.Source, _options))
                || TryAdd(frame.Source, now) is not { } added)
            {
                _counters.FramesOfStrangers++;
                _misfits.OnFrame(frame, now);
                return FrameTrust.None;
            }

            box = added;
            _misfits.Forget(frame.Source);
        }

        return box.Link.OnFrame(frame, now);
    }

    private BoxLink? TryAdd(MacAddress mac, Instant now)
    {
        if (_all.Count >= HostBridgeLimits.BoxesMax && !TryEvict(now))
        {
            return null;
        }

        var box = new BoxLink(_options, mac, _slots, _random, _events);
        box.Link.Tap = Tap;
        _byMac.Add(mac, box);
        _all.Add(box);
        box.TellGuest(_guest);
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

        longest.Close(now);
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
