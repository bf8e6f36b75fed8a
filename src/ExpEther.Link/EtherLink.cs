using ExpEther.Core.Stages;
using ExpEther.Core.Time;
using ExpEther.Link.Sealing;
using ExpEther.Link.Setup;
using ExpEther.Link.Taps;
using ExpEther.Link.Windows;
using ExpEther.Link.Wire;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Link;

/// <summary>
/// A reliable, ordered, sealed link to one peer in one VLAN; bytes and time in, bytes and time out (docs/wire-format.md).
/// <para>
/// States: Closed -Open-> Connecting -set-up-> Up -death, RESET, protocol error-> Connecting; Close leads to Closed from anywhere. A new
/// epoch replaces one in use without a pause in between when the peer has set it up: OnDown, then OnUp.
/// </para>
/// <para>
/// Timers: set-up retry (doubling), delayed acknowledgement, retransmission timeout (doubling), keep-alive, silence (an alarm only) and
/// death: nothing authentic heard, or nothing acknowledged, for <see cref="LinkOptions.LinkDead"/>. Between silence and death nothing is
/// lost and nothing is refused but for lack of room.
/// </para>
/// <para>
/// The path's MTU is found in set-up and kept for the epoch, since the largest TLP follows from it. When the path comes to carry less, frames
/// get shorter as far as that TLP allows, and where it does not the epoch ends, soon and aloud (<see cref="ShrinkWatch"/>).
/// </para>
/// <para>
/// Order: a record gets its place when it enters the send window, and records are delivered in that one order. Posted requests, completions
/// and control messages enter at once or are refused; non-posted requests without credit wait aside, and may be overtaken there.
/// </para>
/// This class only composes: <see cref="InitiatorHandshake"/>, <see cref="ResponderHandshake"/> and <see cref="Session"/> set epochs up,
/// <see cref="SendWindow"/>, <see cref="ReceiveWindow"/>, <see cref="CreditGate"/>, <see cref="CreditLedger"/>,
/// <see cref="NonPostedAside"/>, <see cref="AckSchedule"/>, <see cref="ShrinkWatch"/>, <see cref="RttEstimator"/> and
/// <see cref="ICongestionControl"/> serve the one in use.
/// </summary>
public sealed partial class EtherLink : IDisposable
{
    private readonly ILinkConsumer _consumer;
    private readonly IEventSink _events;
    private readonly StageClock _stages;
    private readonly SetupSeal _setupSeal;
    private readonly RivalWatch _rivals;
    private readonly InitiatorHandshake? _initiator;
    private readonly ResponderHandshake? _responder;
    private readonly SendWindow _send = new();
    private readonly ReceiveWindow _receive;
    private readonly CreditGate _gate = new();
    private readonly CreditLedger _ledger = new();
    private readonly NonPostedAside _aside = new();
    private readonly AckSchedule _ack;
    private readonly ShrinkWatch _shrink = new();
    private readonly RttEstimator _rtt;
    private readonly ICongestionControl _congestion;
    private readonly byte[] _scratch;
    private readonly byte[] _hint = new byte[LinkLimits.HintBytesMax];
    private int _hintBytes;

    public EtherLink(LinkOptions options, ILinkConsumer consumer, IRandomSource random, IEventSink events)
        : this(options, consumer, random, events, new FixedWindow(options.WindowBytes))
    {
    }

    internal EtherLink(LinkOptions options, ILinkConsumer consumer, IRandomSource random, IEventSink events, ICongestionControl congestion)
    {
        Check.That(options.MtuBytes is >= LinkLimits.MtuBytesMin and <= LinkLimits.MtuBytesMax);
        Check.That(!options.Sealed || options.PreSharedKey.Length == LinkLimits.KeyBytes);
        Options = options;
        _stages = options.Stages ?? new StageClock(null);
        _consumer = consumer;
        _events = events;
        _setupSeal = new SetupSeal(options);
        _rivals = new RivalWatch(options);
        if (options.Role == LinkRole.Initiator)
        {
            _initiator = new InitiatorHandshake(options, _setupSeal, random);
        }
        else
        {
            _responder = new ResponderHandshake(options, _setupSeal, random);
        }

        _receive = new ReceiveWindow(options.MtuBytes);
        _ack = new AckSchedule(options.AckDelay);
        _rtt = new RttEstimator(options.RetransmitMin, options.RetransmitMax);
        _congestion = congestion;
        _scratch = new byte[options.MtuBytes];
        MtuBytes = FrameBytesMax = options.MtuBytes;
        MaxPayloadBytes = MaxPayload.ForMtu(MtuBytes);
    }

    public LinkOptions Options { get; private set; }

    public LinkState State { get; private set; }

    /// <summary>The epoch in use, 0 when there is none.</summary>
    public uint Epoch => _session?.Epoch ?? 0;

    /// <summary>The peer's name as it told it in set-up; empty before.</summary>
    public string PeerName { get; private set; } = "";

    /// <summary>Of the process at the other end, as it told it in set-up: another one after each of its starts; 0 before.</summary>
    public ulong PeerIncarnation { get; private set; }

    /// <summary>Since when the peer tells an initiator that asks that it has an epoch with another, who must have our identity; null: it does not.</summary>
    public Instant? PeerTakenSince { get; private set; }

    /// <summary>The path's MTU as set-up found it, bytes after the EtherType; our own before set-up. It lasts as long as the epoch.</summary>
    public int MtuBytes { get; private set; }

    /// <summary>The longest frame sent now: <see cref="MtuBytes"/>, or less where the path has come to carry less since.</summary>
    public int FrameBytesMax { get; private set; }

    /// <summary>The largest TLP payload that <see cref="MtuBytes"/> allows: a power of two, 128 to 4096.</summary>
    public int MaxPayloadBytes { get; private set; }

    public LinkCounters Counters { get; } = new();

    /// <summary>Smoothed round trip; zero before the first sample of an epoch.</summary>
    public TimeSpan RoundTrip => _rtt.Smoothed;

    /// <summary>Non-posted requests that wait for the peer's credit.</summary>
    public int NonPostedWaiting => _aside.Count;

    /// <summary>Sees the TLPs that enter the send window and those that are delivered; null: nobody looks.</summary>
    public ITlpTap? Tap { get; set; }

    /// <summary>Starts set-up (initiator) or listens for it (responder).</summary>
    public void Open(Instant now)
    {
        if (State != LinkState.Closed)
        {
            return;
        }

        State = LinkState.Connecting;
        _initiator?.Start(_lastEpoch, now);
    }

    /// <summary>
    /// Ends the epoch, tells the peer by RESET (take it with <see cref="TryTakeFrame"/>) and stays closed until <see cref="Open"/>.
    /// </summary>
    public void Close(LinkDownReason reason, Instant now)
    {
        if (State == LinkState.Closed)
        {
            return;
        }

        State = LinkState.Closed;
        _initiator?.Stop(keepCandidate: false);
        _responder?.Clear(except: null);
        EndEpoch(reason, tellPeer: true, now);
    }

    /// <summary>Other times of silence from now on. The epoch goes on; what was heard or acknowledged last counts as before.</summary>
    /// <param name="linkDead">As <see cref="LinkOptions.LinkDead"/>.</param>
    /// <param name="pathSilent">As <see cref="LinkOptions.PathSilent"/>.</param>
    public void ChangeTimes(TimeSpan linkDead, TimeSpan pathSilent) => Options = Options with { LinkDead = linkDead, PathSilent = pathSilent };

    /// <summary>Is there room for one TLP of the largest size of this class? False unless the link is up.</summary>
    public bool HasRoom(TlpClass c)
    {
        if (State != LinkState.Up)
        {
            return false;
        }

        var hasRoom = c == TlpClass.NonPosted
            ? _aside.HasRoom
            : MayEnter(c, MaxPayloadBytes + LinkLimits.TlpOverheadBytesMax);
        Counters.SendStalls += hasRoom ? 0 : 1;
        return hasRoom;
    }

    /// <summary>Queues a TLP. Non-posted requests wait aside for credit; posted ones and completions overtake them there.</summary>
    /// <returns>False: no room, or the link is not up.</returns>
    public bool TrySendTlp(ushort function, ulong generation, TlpClass c, ReadOnlySpan<byte> tlp)
    {
        if (State != LinkState.Up)
        {
            return false;
        }

        Check.That(tlp.Length > 0 && tlp.Length <= MaxPayloadBytes + LinkLimits.TlpOverheadBytesMax);
        var outer = _stages.Enter(Stage.Link);
        var isTaken = c == TlpClass.NonPosted ? TryAddNonPosted(function, generation, tlp) : TryEnter(function, generation, c, tlp);
        _stages.Leave(outer);
        Counters.SendStalls += isTaken ? 0 : 1;
        return isTaken;
    }

    /// <summary>Queues a control message of at most <see cref="LinkLimits.ControlBytesMax"/> bytes, in order with posted TLPs.</summary>
    /// <returns>False: no room, or the link is not up.</returns>
    public bool TrySendControl(ReadOnlySpan<byte> message)
    {
        Check.That(message.Length is > 0 and <= LinkLimits.ControlBytesMax);
        var bytes = RecordLayout.Bytes + message.Length;
        if (State != LinkState.Up || !_send.HasRoom(bytes, 1))
        {
            return false;
        }

        var record = _send.Append(bytes);
        RecordView.WritePrefix(record, RecordKind.Control, 0, message.Length);
        message.CopyTo(record[RecordLayout.Bytes..]);
        Counters.ControlsSent++;
        return true;
    }

    /// <summary>Sends a hint of at most <see cref="LinkLimits.HintBytesMax"/> bytes with the next frame, once; a newer one replaces it.</summary>
    public void SendHint(ReadOnlySpan<byte> hint)
    {
        Check.That(hint.Length is > 0 and <= LinkLimits.HintBytesMax);
        if (State == LinkState.Up && (_session!.Peer.Features & LinkFeatures.Hints) != 0)
        {
            hint.CopyTo(_hint);
            _hintBytes = hint.Length;
        }
    }

    /// <summary>Gives a delivered non-posted request's credit back, where <see cref="LinkOptions.HoldsNonPostedCredit"/> says that we do.</summary>
    /// <param name="tlpBytes">That request's length.</param>
    public void ReturnNonPosted(int tlpBytes)
    {
        Check.That(Options.HoldsNonPostedCredit);
        _ledger.Return(TlpClass.NonPosted, 1, CreditGate.DataUnits(tlpBytes));
        _ack.Hurry();
    }

    /// <summary>Does a second station of the peer's identity ask for the link, while the first one works?</summary>
    public bool HasRival(Instant now) => State == LinkState.Up && _rivals.IsThere(now);

    /// <summary>True when nothing was heard for <see cref="LinkOptions.PathSilent"/>.</summary>
    public bool IsSilent(Instant now) => State == LinkState.Up && now - _lastHeard >= Options.PathSilent;

    public void Dispose()
    {
        _initiator?.Dispose();
        _responder?.Dispose();
        _session?.Dispose();
        _ended?.Dispose();
        _session = _ended = null;
        State = LinkState.Closed;
    }

    private bool MayEnter(TlpClass c, int tlpBytes) =>
        _gate.Allows(c, CreditGate.DataUnits(tlpBytes))
        && _send.HasRoom(TlpRecordLayout.Bytes + tlpBytes + LinkLimits.ControlReserveBytes, 1 + LinkLimits.ControlReserveRecords);

    private bool TryEnter(ushort function, ulong generation, TlpClass c, ReadOnlySpan<byte> tlp)
    {
        if (!MayEnter(c, tlp.Length))
        {
            return false;
        }

        Enter(function, generation, c, tlp);
        return true;
    }

    private bool TryAddNonPosted(ushort function, ulong generation, ReadOnlySpan<byte> tlp)
    {
        if (_aside.Count == 0 && TryEnter(function, generation, TlpClass.NonPosted, tlp))
        {
            return true;
        }

        if (!_aside.HasRoom)
        {
            return false;
        }

        Counters.NonPostedWaits++;
        _aside.Add(function, generation, tlp);
        return true;
    }

    private void Enter(ushort function, ulong generation, TlpClass c, ReadOnlySpan<byte> tlp)
    {
        _gate.Use(c, CreditGate.DataUnits(tlp.Length));
        var record = _send.Append(TlpRecordLayout.Bytes + tlp.Length);
        RecordView.WriteTlpHead(record, c, function, generation, tlp.Length);
        tlp.CopyTo(record[TlpRecordLayout.Bytes..]);
        Counters.CountTlpSent(c);
        Tap?.OnTlp(Passage(function, generation, Options.Role == LinkRole.Initiator ? TlpDirection.ToHost : TlpDirection.ToDevice), tlp);
    }

    private TlpPassage Passage(ushort function, ulong generation, TlpDirection direction)
    {
        var (host, box) = Options.Role == LinkRole.Initiator ? (Options.Peer, Options.Local) : (Options.Local, Options.Peer);
        return new TlpPassage(TlpTapPoint.HostSide, direction, function, generation, Options.Vlan, host, box);
    }

    /// <summary>Lets non-posted requests go on whose credit or room has come.</summary>
    private void DrainAside()
    {
        while (_aside.Count > 0)
        {
            var tlp = _aside.Peek(out var function, out var generation);
            if (!MayEnter(TlpClass.NonPosted, tlp.Length))
            {
                return;
            }

            Enter(function, generation, TlpClass.NonPosted, tlp);
            _aside.Remove();
        }
    }
}
