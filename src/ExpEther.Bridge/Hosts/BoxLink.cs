using ExpEther.Bridge.Diagnosis;
using ExpEther.Bridge.Protocol;
using ExpEther.Core.Time;
using ExpEther.Link;
using ExpEther.Link.Ethernet;
using ExpEther.Link.Sealing;
using ExpEther.Pcie.Ports;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Bridge.Hosts;

/// <summary>
/// The link to one I/O box: hands its TLPs to the slots they belong to, by function and generation, obeys its control messages, and
/// queues those that go to it. When the link goes down, the box's slots are emptied; the box presents its functions anew after that.
/// </summary>
internal sealed class BoxLink : ILinkConsumer
{
    private readonly HostBridgeOptions _options;
    private readonly SlotTable _slots;
    private readonly IEventSink _events;
    private readonly SetupWatch _watch = new();
    private readonly TlpQueue _controls = new(HostBridgeLimits.ControlBytesPerBoxMax);
    private readonly byte[] _scratch = new byte[LinkLimits.ControlBytesMax];
    private HostBridgeCounters _counters;
    private Guid _guest;
    private Instant _reportsUntil;
    private int _reports;

    public BoxLink(HostBridgeOptions options, MacAddress mac, SlotTable slots, IRandomSource random, IEventSink events)
    {
        _options = options;
        _slots = slots;
        _events = events;
        Mac = mac;
        Link = new EtherLink(LinkTo(mac, options), this, random, events);
    }

    public MacAddress Mac { get; }

    public EtherLink Link { get; }

    public string Name => Link.PeerName;

    public bool IsUp => Link.State == LinkState.Up;

    /// <summary>When it came into being or last lost its link.</summary>
    public Instant DownSince { get; private set; }

    /// <summary>Why its link does not come up again, as far as it can be known here.</summary>
    public SetupTrouble Trouble => _watch.Trouble;

    /// <summary>This box's share of the bridge's counters.</summary>
    public HostBridgeCounters Counters => _counters;

    public static LinkOptions LinkTo(MacAddress box, HostBridgeOptions options) => new()
    {
        Local = options.Mac,
        Peer = box,
        Vlan = options.Vlan,
        Role = LinkRole.Responder,
        EtherType = options.EtherType,
        MtuBytes = options.MtuBytes,
        Sealed = options.Sealed,
        PreSharedKey = options.Sealed ? PairKey.Derive(options.Key, box) : [],
        Incarnation = options.Incarnation,
        Ciphers = options.Ciphers,
        LinkDead = options.LinkDead,
        PathSilent = options.PathSilent,
        LocalName = options.Name,
        Stages = options.Stages,
    };

    public void Open(Instant now)
    {
        DownSince = now;
        Link.Open(now);
    }

    /// <summary>Ends the link for good: nothing is held for the box any more.</summary>
    public void Close(Instant now)
    {
        Link.Close(LinkDownReason.Closed, now);
        _slots.RemoveAll(this, spareHeld: false, now);
    }

    /// <summary>Says why the link does not come up again, once.</summary>
    public void Watch(Instant now)
    {
        if (_watch.Look(Link, heard: null, now) is { } trouble)
        {
            _events.Report(EventSeverity.Warning, _options.Name, SetupTroubleText.Of(trouble, $"box {Name} ({Mac})", _options.Sealed));
        }
    }

    /// <summary>Every control message has been given to the link, so that what is sent now comes after them.</summary>
    public bool HasToldAll => _controls.Count == 0;

    public void SendResumed(SlotOccupant occupant) => SendControl(
        _scratch.AsSpan(0, new ResumedMessage(occupant.Function, occupant.Generation, occupant.Note).Write(_scratch)));

    public void SendPlugged(SlotOccupant occupant, int slot) => SendControl(_scratch.AsSpan(
        0, new PluggedMessage(occupant.Function, occupant.Generation, (ushort)slot, occupant.HostH, occupant.VfH).Write(_scratch)));

    public void SendNote(SlotOccupant occupant, NoteKind kind, string text) =>
        SendControl(_scratch.AsSpan(0, new NoteMessage(occupant.Function, occupant.Generation, kind, text).Write(_scratch)));

    public void SendFollows(SlotOccupant occupant, Guid guest) =>
        SendControl(_scratch.AsSpan(0, new FollowsMessage(occupant.Function, occupant.Generation, guest).Write(_scratch)));

    /// <summary>Says that a guest runs here, now and when the link comes up.</summary>
    /// <param name="guest">Its UUID; all zeros: none runs here, which is not said.</param>
    public void TellGuest(Guid guest)
    {
        _guest = guest;
        if (guest != Guid.Empty && IsUp)
        {
            SendControl(_scratch.AsSpan(0, new GuestHereMessage(guest).Write(_scratch)));
        }
    }

    public void SendPoweredOff(SlotOccupant occupant) =>
        SendControl(_scratch.AsSpan(0, new PoweredOffMessage(occupant.Function, occupant.Generation).Write(_scratch)));

    /// <summary>Sends control messages that found no room before.</summary>
    /// <returns>True when any was sent.</returns>
    public bool FlushControls()
    {
        var sent = false;
        while (_controls.TryPeek(_scratch, out var length) && Link.TrySendControl(_scratch.AsSpan(0, length)))
        {
            _controls.Drop();
            sent = true;
        }

        return sent;
    }

    public void OnTlp(EtherLink link, ushort function, ulong generation, ReadOnlySpan<byte> tlp, Instant now)
    {
        var error = TlpView.TryParse(tlp, out var view);
        var slot = _slots.Find(this, function, generation);
        if (error != TlpError.None)
        {
            if (slot is null)
            {
                _counters.StaleTlps++;
                return;
            }

            slot.OnMalformed(tlp, error, now);
        }
        else if (slot is not null)
        {
            slot.OnFunctionTlp(view, now);
        }
        else
        {
            _counters.StaleTlps++;
            RefuseStale(view, function, generation);
        }
    }

    public void OnControl(EtherLink link, ReadOnlySpan<byte> message, Instant now)
    {
        if (PresentMessage.TryParse(message, out var present))
        {
            OnPresent(present, now);
            return;
        }

        if (ForgetMessage.TryParse(message, out var forget))
        {
            _slots.Kept.Forget(Mac, forget.Name);
            return;
        }

        if (!ControlHeader.TryParse(message, out var header) || _slots.Find(this, header.Function, header.Generation) is not { } slot)
        {
            _counters.BadControlMessages++;
            return;
        }

        switch (header.Kind)
        {
            case ControlKind.ResumeNote when ResumeNoteMessage.TryParse(message, out var note):
                slot.Occupant!.Keep(note.Note);
                break;
            case ControlKind.PressAttention:
                slot.PressAttention(now);
                break;
            case ControlKind.Withdraw:
                if (MayReport(now))
                {
                    _events.Report(EventSeverity.Warning, _options.Name, $"slot {slot.Number}: {slot.Occupant!.Name} was taken away by {Name}");
                }

                slot.Remove(now);
                break;
            default:
                _counters.BadControlMessages++;
                break;
        }
    }

    public void OnUp(EtherLink link, Instant now)
    {
        _slots.Expect(this, now + HostBridgeLimits.ResumeTimeMax);
        _events.Report(
            EventSeverity.Information, _options.Name,
            $"link to {Name} ({Mac}) in VLAN {_options.Vlan} is up, epoch {link.Epoch:x}: {link.DescribePath()}");
        foreach (var kept in _slots.Kept.All.Where(kept => kept.IsExpected && kept.Box == Mac))
        {
            SendControl(_scratch.AsSpan(0, new KeepsMessage(kept.Function).Write(_scratch)));
        }

        TellGuest(_guest);
    }

    public void OnDown(EtherLink link, LinkDownReason reason, Instant now)
    {
        DownSince = now;
        _controls.Clear();
        // A box that said good-bye, or that is there again in a new life, may present the same functions soon; a silent one had its time.
        var mayComeBack = reason is LinkDownReason.PeerReset or LinkDownReason.PeerRestarted or LinkDownReason.PathShrank;
        var held = mayComeBack ? _slots.Hold(this, now + link.Options.LinkDead, now) : 0;
        var emptied = _slots.RemoveAll(this, spareHeld: mayComeBack, now);
        _events.Report(
            EventSeverity.Warning, _options.Name,
            $"link to {Name} ({Mac}) is down: {LinkDownText.Of(reason)}; {emptied} slots emptied"
                + (held > 0 ? $", {held} held for {link.Options.LinkDead.TotalSeconds:0.#} s in case it comes back" : ""));
    }

    private void OnPresent(in PresentMessage present, Instant now)
    {
        if (_slots.TryInsert(this, present, now) is not { } reason)
        {
            return;
        }

        _counters.FunctionsRefused++;
        if (MayReport(now))
        {
            _events.Report(EventSeverity.Warning, _options.Name, $"{present.Name} of {Name} was not taken: {reason}");
        }

        SendControl(_scratch.AsSpan(0, new RefusedMessage(present.Function, present.Generation, reason).Write(_scratch)));
    }

    // Its completer waits for an answer to end an assignment that is over here.
    private void RefuseStale(in TlpView tlp, ushort function, ulong generation)
    {
        if (tlp.Class == TlpClass.NonPosted && Link.HasRoom(TlpClass.Completion))
        {
            var length = Completion.To(tlp, default, CompletionStatus.UnsupportedRequest).Write(_scratch);
            Link.TrySendTlp(function, generation, TlpClass.Completion, _scratch.AsSpan(0, length));
        }
    }

    private bool MayReport(Instant now)
    {
        if (now >= _reportsUntil)
        {
            _reportsUntil = now + TimeSpan.FromSeconds(1);
            _reports = 0;
        }

        return _reports++ < HostBridgeLimits.ReportsPerBoxAndSecondMax;
    }

    private void SendControl(ReadOnlySpan<byte> message)
    {
        if ((_controls.Count > 0 || !Link.TrySendControl(message)) && IsUp && !_controls.TryEnqueue(message))
        {
            _counters.QueueOverflows++;
        }
    }
}
