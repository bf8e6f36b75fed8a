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
