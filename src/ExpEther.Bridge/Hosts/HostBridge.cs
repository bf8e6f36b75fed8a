using ExpEther.Bridge.Diagnosis;
using ExpEther.Core.Counters;
using ExpEther.Core.Scheduling;
using ExpEther.Core.Time;
using ExpEther.Link;
using ExpEther.Link.Ethernet;
using ExpEther.Link.Taps;
using ExpEther.Pcie.Config;
using ExpEther.Pcie.Ports;
using ExpEther.Pcie.Tlp;
using ExpEther.RootComplex;
using ExpEther.RootComplex.Guests;

namespace ExpEther.Bridge.Hosts;

/// <summary>
/// The host's side of a logical switch: an upstream port and hot-plug slots above, links to I/O boxes below (DESIGN sections 5 and 7).
/// It only composes: <see cref="UpstreamPort"/> routes what the host sends, <see cref="DownstreamSlot"/> carries it to the function in
/// the slot and lets that function's DMA in, <see cref="BoxTable"/> holds the links, <see cref="SlotTable"/> says who is where.
/// </summary>
public sealed class HostBridge : ITlpPort, ICounterSource
{
    private readonly UpwardQueue _upward = new();
    private readonly DownstreamSlot[] _slots;
    private readonly SlotDoor?[] _doors;
    private readonly UpstreamPort _upstream;
    private readonly SlotTable _slotTable;
    private readonly BoxTable _boxes;
    private readonly Announcer _announcer;
    private readonly PortErrors _errors;
    private readonly OwnerScheduler _scheduler;
    private long _malformedFromHost;
    private int _turn;

    /// <param name="options">Name, VLAN, MAC, slots, times.</param>
    /// <param name="host">The host above: its memory and interrupts.</param>
    /// <param name="scheduler">The owner's; its time is the bridge's.</param>
    /// <param name="random">For the links' nonces and ephemeral keys.</param>
    /// <param name="events">Where links, removals and errors are reported.</param>
    public HostBridge(HostBridgeOptions options, IHostAttachment host, OwnerScheduler scheduler, IRandomSource random, IEventSink events)
    {
        Check.That(options.Slots is >= 1 and <= HostBridgeLimits.SlotsMax);
        options = options with { Incarnation = Incarnations.Draw(random) };
        Options = options;
        _scheduler = scheduler;
        // What the port carries at most. A link whose path carries less cuts what is longer.
        var maxPayload = MaxPayload.ForMtu(options.MtuBytes);
        var upstream = new BridgePortConfig(PortConfigSpace.Describe(PortType.UpstreamPort, 0, null, options.Mac.Value, maxPayload));
        _errors = new PortErrors(upstream, _upward, events, options.Name);
        _slots = new DownstreamSlot[options.Slots];
        _doors = new SlotDoor?[options.Slots];
        for (var i = 0; i < _slots.Length; i++)
        {
            var port = new BridgePortConfig(PortConfigSpace.Describe(PortType.DownstreamPort, i + 1, i + 1, options.Mac.Value, maxPayload));
            _slots[i] = new DownstreamSlot(
                i + 1, options, port, upstream, host, _upward, new PortErrors(port, _upward, events, $"{options.Name} slot {i + 1}"));
        }

        _upstream = new UpstreamPort(upstream, _slots, _upward, _errors);
        _slotTable = new SlotTable(_slots, new KeptSlots(_slots.Length, options.SlotStore), host, events, options.Name);
        _boxes = new BoxTable(options, _slotTable, random, events);
        _announcer = new Announcer(options);
    }

    /// <summary>As told at the start, with what has been changed since.</summary>
    public HostBridgeOptions Options { get; private set; }

    /// <summary>Sees all TLPs of the links to boxes; null: nobody looks.</summary>
    public ITlpTap? Tap
    {
        get => _boxes.Tap;
        set => _boxes.Tap = value;
    }

    /// <summary>A rule that it does not keep.</summary>
    internal BrokenRule Broken
    {
        get;
        set
        {
            field = value;
            _slotTable.Broken = value;
            foreach (var slot in _slots)
            {
                slot.Broken = value;
            }
        }
    }

    /// <summary>When <see cref="Poll"/> or <see cref="TryTakeFrame"/> has something to do by itself.</summary>
    public Instant? NextDeadline
    {
        get
        {
            Instant? next = _boxes.IsLeaving ? Instant.Zero : _announcer.NextAt;
            foreach (var slot in _slots)
            {
                next = Instant.Earliest(next, slot.NextDeadline);
            }

            foreach (var box in _boxes.All)
            {
                next = Instant.Earliest(next, box.Link.NextDeadline);
            }

            return next;
        }
    }

    public bool TryAccept(ReadOnlySpan<byte> tlp, Instant now)
    {
        var error = TlpView.TryParse(tlp, out var view);
        if (error == TlpError.None && !view.IsCompletion)
        {
            return _upstream.TryAccept(view, now);
        }

        if (error != TlpError.None && _upstream.TryRefuse(tlp))
        {
            return true;
        }

        // The switch asks the host nothing by TLP, so no completion is for it.
        _malformedFromHost++;
        _errors.Report(
            error == TlpError.None ? UncorrectableError.UnexpectedCompletion : UncorrectableError.MalformedTlp,
            tlp, "from the root complex", advisory: error == TlpError.None, now);
        return true;
    }

    public bool TryTake(Instant now, Span<byte> into, out int length) => _upward.TryTake(into, out length);

    /// <summary>
    /// The way to the function in one slot, for a host that knows which slot a request is for: requests go there whatever their address and whatever the
    /// ports' windows, and their completions come back here.
    /// </summary>
    /// <param name="slot">Its number, from 1.</param>
    public ITlpPort DoorOf(int slot) => _doors[slot - 1] ??= new SlotDoor(_slots[slot - 1]);

    /// <summary>How it goes with showing a slot's function to a guest, for the function's box.</summary>
    /// <param name="slot">Its number, from 1.</param>
    /// <param name="showing">What became of it.</param>
    /// <param name="words">For people; empty: nothing is to be said.</param>
    public void Tell(int slot, GuestShowing showing, string words) => _slots[slot - 1].Tell(showing, words);

    /// <summary>Tells a function's box that the function follows a guest, which has let go of it, to the host at which that guest will run.</summary>
    /// <param name="slot">The function's, from 1.</param>
    /// <param name="guest">The guest's UUID; all zeros: it follows none any more.</param>
    public void TellFollows(int slot, Guid guest)
    {
        if (_slots[slot - 1].Occupant is { } occupant)
        {
            occupant.Box.SendFollows(occupant, guest);
        }
    }

    /// <summary>Tells all boxes, and those that come later, that a guest runs here: functions that follow it come to this host.</summary>
    /// <param name="guest">The guest's UUID; all zeros: none runs here, which is not said.</param>
    public void TellGuest(Guid guest) => _boxes.TellGuest(guest);

    /// <summary>A frame of the bridge's VLAN. One for another MAC or VLAN is dropped and counted.</summary>
    public FrameTrust OnFrame(in ReceivedFrame frame, Instant now) => _boxes.OnFrame(frame, now);

    /// <summary>The next frame to send: destination, source, 802.1Q tag, EtherType, payload. Links take turns.</summary>
    public bool TryTakeFrame(Instant now, Span<byte> into, out int written)
    {
        if (_boxes.TryTakeLeavingFrame(now, into, out written) || _announcer.TryTakeFrame(now, into, out written))
        {
            return true;
        }

        var boxes = _boxes.All;
        for (var i = 0; i < boxes.Count; i++)
        {
            _turn = (_turn + 1) % boxes.Count;
            if (boxes[_turn].Link.TryTakeFrame(now, into, out written))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Lets timers and waiting completions go on; to be called at every turn of the owner loop.</summary>
    /// <returns>True when something happened.</returns>
    public bool Poll(Instant now)
    {
        var busy = false;
        foreach (var box in _boxes.All)
        {
            box.Link.OnTime(now);
            busy |= box.FlushControls();
        }

        _boxes.Watch(now);

        foreach (var slot in _slots)
        {
            busy |= slot.Poll(now);
        }

        bool sent;
        do
        {
            sent = false;
            foreach (var slot in _slots)
            {
                sent |= slot.PumpDma(now);
            }

            busy |= sent;
        }
        while (sent);

        return busy;
    }

    /// <summary>
    /// Tells every box that the host goes away, so that its functions are free now rather than when the link is given up. Take the frames
    /// after it.
    /// </summary>
    public void Close(Instant now) => _boxes.CloseAll(now);

    /// <summary>
    /// Another key, other times. A link under a key that stays does not notice; under another it ends, slots are emptied, and a box that has
    /// the new key sets it up anew.
    /// </summary>
    public void Change(byte[] key, TimeSpan linkDead, TimeSpan pathSilent, TimeSpan completionTimeout)
    {
        Options = Options with { Key = key, LinkDead = linkDead, PathSilent = pathSilent, CompletionTimeout = completionTimeout };
        foreach (var slot in _slots)
        {
            slot.CompletionTimeout = completionTimeout;
        }

        _boxes.Change(Options, _scheduler.Now);
    }

    public HostBridgeStatus Status() => new(
        Options.Name, Options.Mac, Options.Vlan,
        [.. _slots.Select(slot => slot.ToStatus(_slotTable.Kept[slot.Number]))],
        [.. _boxes.All.Select(box => new BoxStatus(
            box.Mac, box.Name, box.IsUp, box.IsUp && box.Link.IsSilent(_scheduler.Now), box.Link.Epoch, box.Link.MtuBytes, box.Link.MaxPayloadBytes,
            box.Link.Counters,
            box.Trouble == SetupTrouble.None && _boxes.NamesakeOf(box) is not null ? SetupTrouble.NameTaken : box.Trouble))],
        [.. _boxes.Misfits(_scheduler.Now).Select(m => new MisfitStatus(m.Mac, m.Trouble))],
        Counters)
    {
        HasTwin = _boxes.HasTwin(_scheduler.Now),
    };

    public void AddShape(CounterShape shape) => HostCounterEntries.AddShape(shape, _slots, _boxes);

    public void AddCounters(CounterTree tree) => HostCounterEntries.Add(tree, () => Counters, _slots, _boxes);

    private HostBridgeCounters Counters
    {
        get
        {
            var counters = _boxes.Counters;
            counters.UnclaimedRequests = _upstream.Unclaimed;
            counters.MalformedFromHost = _malformedFromHost;
            counters.QueueOverflows += _upward.Overflows;
            foreach (var door in _doors)
            {
                counters.UnclaimedRequests += door?.Unclaimed ?? 0;
                counters.MalformedFromHost += door?.Malformed ?? 0;
                counters.QueueOverflows += door?.Answers.Overflows ?? 0;
            }

            return counters;
        }
    }
}
