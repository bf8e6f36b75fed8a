using ExpEther.Bridge.Io.Traffic;
using ExpEther.Bridge.Protocol;
using ExpEther.Core.Stages;
using ExpEther.Core.Time;
using ExpEther.Pcie;
using ExpEther.Pcie.Config;
using ExpEther.Pcie.Tlp;
using ExpEther.RootComplex;
using ExpEther.RootComplex.Guests;

namespace ExpEther.Bridge.Hosts;

/// <summary>
/// One downstream port of the logical switch with its hot-plug slot, and the traffic of the function in it. It forwards what the host
/// sends, type 1 configuration requests as type 0, and learns from them what DMA depends on: VF_H, Host_H and bus mastering. It lets
/// the function's own traffic up through <see cref="DmaGate"/> and <see cref="HostRequests"/>.
/// </summary>
internal sealed partial class DownstreamSlot
{
    private const int CommandRegister = 4;
    private const uint BusMasterEnable = 1 << 2;
    private const int BusMasterByte = 1;

    private readonly BridgePortConfig _upstream;
    private readonly IHostAttachment _host;
    private readonly UpwardQueue _upward;
    private readonly PortErrors _errors;
    private readonly HotPlugSequence _hotPlug;
    private readonly HostRequests _requests;
    private readonly DmaGate _dma;
    private readonly bool _isPlugTold;
    private readonly byte[] _scratch = new byte[TlpLimits.BytesMax];
    private SlotCounters _counters;
    private int _postedOffset;

    /// <param name="number">Its physical slot number, from 1.</param>
    /// <param name="options">The bridge's.</param>
    /// <param name="config">The port's registers.</param>
    /// <param name="upstream">Those of the upstream port.</param>
    /// <param name="host">The host above.</param>
    /// <param name="upward">The way to its root complex.</param>
    /// <param name="errors">This port's.</param>
    public DownstreamSlot(
        int number, HostBridgeOptions options, BridgePortConfig config, BridgePortConfig upstream, IHostAttachment host, UpwardQueue upward,
        PortErrors errors)
    {
        Number = number;
        Config = config;
        _upstream = upstream;
        _host = host;
        _upward = upward;
        _errors = errors;
        _isPlugTold = options.IsPlugTold;
        _hotPlug = new HotPlugSequence(config);
        _requests = new HostRequests(options.CompletionTimeout);
        _dma = new DmaGate(host, number, errors, options.Stages ?? new StageClock(null));
    }

    public int Number { get; }

    public BridgePortConfig Config { get; }

    public ref SlotCounters Counters => ref _counters;

    public SlotState State => _hotPlug.State;

    /// <summary>Who is in it, or is to come.</summary>
    public SlotOccupant? Occupant => _hotPlug.OccupantOrNext;

    public bool IsReachable => _hotPlug.IsReachable;

    /// <summary>True too when nothing is reachable, since nothing will be sent then.</summary>
    public bool HasRoomForPosted => !IsReachable || _hold.IsActive || Occupant!.Box.Link.HasRoom(TlpClass.Posted);

    /// <summary>A rule that is not kept.</summary>
    public BrokenRule Broken
    {
        get => _dma.Broken;
        set => _dma.Broken = value;
    }

    /// <summary>Of the host's next request.</summary>
    public TimeSpan CompletionTimeout
    {
        get => _requests.CompletionTimeout;
        set => _requests.CompletionTimeout = value;
    }

    public Instant? NextDeadline => Instant.Earliest(
        Instant.Earliest(_hotPlug.NextDeadline, _requests.NextDeadline), _hold.IsActive ? _hold.Deadline : null);

    public SlotStatus ToStatus(KeptSlot? kept) => new(Number, State, Config.Rid, Occupant?.ToStatus(), kept, _counters);

    /// <summary>Puts a function in; nothing is in it or to come.</summary>
    public void Insert(SlotOccupant occupant, Instant now)
    {
        _hotPlug.Insert(occupant, now);
        Interrupt();
    }

    /// <summary>Passes on to the function's box how it goes with showing it to the guest.</summary>
    public void Tell(GuestShowing showing, string words)
    {
        if (_hotPlug.Occupant is not { } occupant)
        {
            return;
        }

        if (showing != GuestShowing.Shown || words.Length > 0)
        {
            var kind = showing switch
            {
                GuestShowing.Waiting => NoteKind.Waiting,
                GuestShowing.Refused => NoteKind.NotShown,
                GuestShowing.Asked => NoteKind.Asked,
                _ => NoteKind.Remark,
            };
            occupant.Box.SendNote(occupant, kind, words);
        }

        if (showing == GuestShowing.Shown && !occupant.IsShown)
        {
            occupant.IsShown = true;
            occupant.Box.SendPlugged(occupant, Number);
        }
    }

    /// <summary>Surprise removal: the function is gone, whatever the host thinks.</summary>
    public void Remove(Instant now)
    {
        _hotPlug.Remove(now);
        EndTraffic();
        Interrupt();
    }

    public void PressAttention(Instant now)
    {
        if (_hotPlug.PressAttention(now) is { } letGo)
        {
            LetGo(letGo);
        }

        Interrupt();
    }

    /// <summary>Answers a configuration request to the port itself.</summary>
    public void AcceptPortConfig(in TlpView tlp, Instant now)
    {
        if (!PortConfigSpace.Answer(Config, tlp, _upward))
        {
            return;
        }

        if (_hotPlug.OnRegistersWritten(now) is { } letGo)
        {
            LetGo(letGo);
        }

        _hotPlug.Poll(now);
        Interrupt();
    }

    /// <summary>Sends a request or message of the host to the function. Only while <see cref="IsReachable"/>.</summary>
    /// <param name="tlp">What the switch has routed here, or the host has given to this very slot.</param>
    /// <param name="answers">Where its completions go.</param>
    /// <param name="now">The owner's time.</param>
    /// <returns>False: posted, and the link has no room now.</returns>
    public bool TryForward(in TlpView tlp, UpwardQueue answers, Instant now)
    {
        var occupant = Occupant!;
        if (tlp.Class == TlpClass.Posted)
        {
            occupant.Shadow?.OnMemoryWrite(tlp);
            if (_hold.IsActive)
            {
                _counters.HostRequestsUnanswered++;
                return true;
            }

            return TryForwardPosted(tlp, occupant, now);
        }

        ForwardNonPosted(tlp, occupant, answers, now);
        return true;
    }

    /// <summary>Takes a TLP of the function. The caller has checked function and generation.</summary>
    public void OnFunctionTlp(in TlpView tlp, Instant now)
    {
        var occupant = _hotPlug.Occupant;
        if (occupant is null)
        {
            // It is still waiting for its slot; it cannot have been given work.
            _counters.Malformed++;
        }
        else if (!tlp.HasValidEcrc && Broken != BrokenRule.HostEcrc)
        {
            _counters.Malformed++;
            _errors.Report(UncorrectableError.Ecrc, tlp.Bytes, "TLP with a wrong ECRC", advisory: false, now);
        }
        else if (tlp.IsCompletion)
        {
            OnCompletion(tlp, occupant, now);
        }
        else if (tlp.IsMemory)
        {
            _dma.OnRequest(tlp, occupant, DmaRefusal(occupant), ref _counters, now);
            PumpDma(now);
        }
        else if (tlp.IsMessage && IsReachable && IsForRootComplex(tlp, occupant))
        {
            _counters.Messages++;
            _upward.PassMessage(tlp.Bytes);
        }
        else
        {
            RefuseKind(tlp, occupant, now);
        }
    }

    /// <summary>Bytes under the function's name and generation that are no TLP.</summary>
    public void OnMalformed(ReadOnlySpan<byte> bytes, TlpError error, Instant now)
    {
        _counters.Malformed++;
        _errors.Report(UncorrectableError.MalformedTlp, bytes, $"malformed TLP: {error}", advisory: false, now);
    }

    /// <summary>Sends completions of DMA reads while the link has room, and lets what waits for the host's memory go on.</summary>
    public bool PumpDma(Instant now) =>
        !_dma.IsIdle && _dma.Pump(_hotPlug.Occupant, _hotPlug.Occupant is { } occupant && DmaRefusal(occupant) is null, ref _counters, now);

    public bool Poll(Instant now)
    {
        var ended = _requests.Expire(now);
        _counters.HostRequestsUnanswered += ended;
        if (_hold.IsActive && !GoOnHolding(now))
        {
            return true;
        }

        if (!_hotPlug.Poll(now))
        {
            return ended > 0;
        }

        Interrupt();
        return true;
    }

    /// <summary>In pieces that fit the link. When it has no room for the next one, the caller offers the same TLP again.</summary>
    private bool TryForwardPosted(in TlpView tlp, SlotOccupant occupant, Instant now)
    {
        var link = occupant.Box.Link;
        if (tlp.IsMessage && tlp.Payload.Length > link.MaxPayloadBytes)
        {
            // A message cannot be cut (PCIe 5.0 §2.2.8).
            _counters.Malformed++;
            _errors.Report(UncorrectableError.MalformedTlp, tlp.Bytes, "message above the link's payload size", false, now);
            return true;
        }

        var offset = _postedOffset;
        bool isLast;
        do
        {
            isLast = TlpPieces.Next(tlp, link.MaxPayloadBytes, ref offset, _scratch, out var piece);
            if (!link.TrySendTlp(occupant.Function, occupant.Generation, TlpClass.Posted, piece))
            {
                return false;
            }

            _postedOffset = offset;
        }
        while (!isLast);
        _postedOffset = 0;
        _counters.HostRequests++;
        return true;
    }

    private void ForwardNonPosted(in TlpView tlp, SlotOccupant occupant, UpwardQueue answers, Instant now)
    {
        var turnsOff = false;
        if (tlp.IsConfig)
        {
            turnsOff = LearnFromConfig(tlp, occupant);
        }

        Learn(occupant, tlp.IsConfig && tlp.Kind is TlpKind.ConfigWrite1 ? tlp.ConfigTarget : occupant.VfH, tlp.Requester);
        var bytes = tlp.Bytes;
        if (tlp.IsConfig)
        {
            var type1 = Broken == BrokenRule.HostConfigType;
            bytes = _scratch.AsSpan(0, TlpRewriter.WithTarget(tlp, tlp.Requester, tlp.ConfigTarget, type1, _scratch));
        }

        _counters.HostRequests++;
        if (!_requests.TryBegin(tlp, occupant.VfH, turnsOff, answers, now))
        {
            _counters.HostRequestsUnanswered++;
            answers.Complete(Completion.To(tlp, occupant.VfH, CompletionStatus.UnsupportedRequest));
        }
        else if (_hold.IsActive
            ? !_hold.TryKeep(bytes)
            : !occupant.Box.Link.TrySendTlp(occupant.Function, occupant.Generation, TlpClass.NonPosted, bytes))
        {
            _counters.HostRequestsUnanswered++;
            _requests.Forget(tlp);
            answers.Complete(Completion.To(tlp, occupant.VfH, CompletionStatus.UnsupportedRequest));
        }
    }

    /// <summary>
    /// Bus mastering counts as on as soon as it is asked for, and as on until the write that turns it off is done: until then the function
    /// may have sent.
    /// </summary>
    /// <returns>True when the write turns it off.</returns>
    private static bool LearnFromConfig(in TlpView tlp, SlotOccupant occupant)
    {
        if (tlp.Kind == TlpKind.ConfigWrite1)
        {
            occupant.Shadow?.OnConfigWrite(tlp);
        }

        if (tlp.Kind != TlpKind.ConfigWrite1 || tlp.ConfigRegister != CommandRegister || (tlp.FirstByteEnables & BusMasterByte) == 0)
        {
            return false;
        }

        if ((tlp.ConfigValue & BusMasterEnable) == 0)
        {
            return true;
        }

        occupant.BusMasterEnable = true;
        return false;
    }

    private void Learn(SlotOccupant occupant, Rid vfH, Rid hostH)
    {
        if ((occupant.VfH == vfH && occupant.HostH == hostH) || Broken == BrokenRule.HostCapture)
        {
            return;
        }

        occupant.VfH = vfH;
        occupant.HostH = hostH;
        if (!IsHeld && (occupant.IsShown || !_isPlugTold))
        {
            occupant.Box.SendPlugged(occupant, Number);
        }
    }

    private void OnCompletion(in TlpView tlp, SlotOccupant occupant, Instant now)
    {
        if (_hold.IsActive)
        {
            OnRestored(tlp, now);
            return;
        }

        if (!_requests.TryComplete(tlp, out var busMasterIsOff))
        {
            _counters.UnexpectedCompletions++;
            _errors.Report(UncorrectableError.UnexpectedCompletion, tlp.Bytes, "completion that nothing waits for", advisory: true, now);
            if (Broken == BrokenRule.HostUnexpected)
            {
                _upward.Pass(tlp.Bytes);
            }
        }
        else if (busMasterIsOff)
        {
            occupant.BusMasterEnable = false;
        }
    }

    /// <summary>Row 7: what a function may tell the root complex, in its own name only: another's errors or interrupt wires are not its to report.</summary>
    private bool IsForRootComplex(in TlpView tlp, SlotOccupant occupant) =>
        (tlp.Requester == occupant.VfH || Broken == BrokenRule.HostMessage)
        && tlp.MessageRouting is MessageRouting.ToRootComplex or MessageRouting.GatheredToRootComplex
        && tlp.MessageCode is MessageCode.ErrCorrectable or MessageCode.ErrNonFatal or MessageCode.ErrFatal or MessageCode.PmPme or MessageCode.PmeToAck
            or MessageCode.VendorDefinedType0 or MessageCode.VendorDefinedType1;

    private string? DmaRefusal(SlotOccupant occupant) =>
        !IsReachable ? "DMA of a function without power"
        : !occupant.BusMasterEnable && Broken != BrokenRule.HostBusMaster ? "DMA with bus mastering off"
        : (!Config.BusMasterEnable || !_upstream.BusMasterEnable) && Broken != BrokenRule.HostPortBusMaster ? "DMA with bus mastering off at a port above"
        : null;

    private void RefuseKind(in TlpView tlp, SlotOccupant occupant, Instant now)
    {
        _counters.Malformed++;
        _errors.Report(UncorrectableError.UnsupportedRequest, tlp.Bytes, $"{tlp.Kind} from a function", tlp.Class == TlpClass.NonPosted, now);
        if (tlp.Class == TlpClass.NonPosted)
        {
            var length = Completion.To(tlp, occupant.HostH, CompletionStatus.UnsupportedRequest).Write(_scratch);
            occupant.Box.Link.TrySendTlp(occupant.Function, occupant.Generation, TlpClass.Completion, _scratch.AsSpan(0, length));
        }
    }

    private void LetGo(SlotOccupant occupant)
    {
        EndTraffic();
        occupant.Box.SendPoweredOff(occupant);
    }

    private void EndTraffic()
    {
        _counters.HostRequestsUnanswered += _requests.EndAll();
        _dma.Clear();
        _hold.End();
        _postedOffset = 0;
    }

    private void Interrupt()
    {
        if (Config.Slot!.TryTakeInterrupt() && Config.Msi.Enabled)
        {
            _host.RaiseInterrupt(Config.Rid, new HostAddress(Config.Msi.Address), Config.Msi.Data);
        }
    }
}
