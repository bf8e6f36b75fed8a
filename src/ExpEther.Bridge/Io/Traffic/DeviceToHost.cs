using ExpEther.Bridge.Io.Devices;
using ExpEther.Bridge.Io.Functions;
using ExpEther.Core.Scheduling;
using ExpEther.Core.Time;
using ExpEther.Link.Taps;
using ExpEther.Pcie;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Bridge.Io.Traffic;

/// <summary>
/// What devices send: rows 2, 4, 6, 7, 8 and 9 of the table in ARCHITECTURE.md. The owner of the requester's RID gets it, whatever its
/// address says.
/// <para>
/// A TLP is taken from a device, translated once, in place, and sent in one piece or several as the owner's link has room. While it has none, the
/// TLP waits in its function's output, and what that function sends next waits behind it. A function that was closed meanwhile has its TLPs
/// refused.
/// </para>
/// </summary>
/// <param name="config">Owns row 8.</param>
/// <param name="changed">Set when a sequence may have waited for it.</param>
/// <param name="events">Told of refusals.</param>
/// <param name="giveUp">Takes a function from its owner, who takes nothing of it.</param>
internal sealed class DeviceToHost(DeviceConfigAccess config, OwnerSignal changed, IEventSink events, Action<IoFunction> giveUp)
{
    private readonly OutputPacing _pacing = new(config, changed, giveUp);
    private readonly byte[] _piece = new byte[TlpLimits.BytesMax];
    private readonly byte[] _reply = new byte[TlpLimits.HeaderBytesMax];
    private readonly byte[] _own = new byte[TlpLimits.BytesMax];

    private enum Verdict
    {
        /// <summary>It ended here.</summary>
        Done,

        /// <summary>It is translated and is to be sent.</summary>
        Send,
    }

    /// <summary>Sees what functions send, and what is refused to them here; null: nobody looks.</summary>
    public ITlpTap? Tap { get; set; }

    /// <summary>A rule that is not kept.</summary>
    public BrokenRule Broken { get; set; }

    /// <summary>Moves what a device has to say.</summary>
    /// <returns>True when anything moved.</returns>
    public bool Pump(BusDevice device, Instant now)
    {
        var moved = device.Own is not null && MoveOwn(device, now);
        if (device.Backlog > 0)
        {
            moved |= FinishBacklog(device, now);
        }

        for (var budget = IoBridgeLimits.TlpsPerDeviceAndTurnMax; budget > 0 && _pacing.MayTake(device); budget--)
        {
            if (!device.Device.TryTake(now, device.Hand.Buffer, out var length))
            {
                break;
            }

            device.Hand.Begin(length);
            Distribute(device, now);
            moved = true;
        }

        return moved;
    }

    /// <summary>Row 8, downwards: what the driver of the physical function has to say.</summary>
    private bool MoveOwn(BusDevice device, Instant now)
    {
        var moved = device.Own!.Poll(now);
        for (var budget = IoBridgeLimits.TlpsPerDeviceAndTurnMax; budget > 0 && device.Own.TryTake(now, _own, out var length); budget--)
        {
            Check.That(device.Device.TryAccept(_own.AsSpan(0, length), now));
            moved = true;
        }

        return moved;
    }

    private bool FinishBacklog(BusDevice device, Instant now)
    {
        var moved = false;
        var count = device.Functions.Count;
        device.Turn = device.Turn + 1 < count ? device.Turn + 1 : 0;
        for (var i = 0; i < count; i++)
        {
            var function = device.Functions[(device.Turn + i) % count];
            while (function.Output.Count > 0 && TryFinish(device, function, function.Output.First, now))
            {
                _pacing.RemoveFirst(device, function, now);
                moved = true;
            }
        }

        return moved | _pacing.GiveUpInTime(device, now);
    }

    /// <summary>Whose is the TLP in the device's hand? It is used, sent or put aside.</summary>
    private void Distribute(BusDevice device, Instant now)
    {
        var hand = device.Hand;
        if (TlpView.TryParse(hand.Bytes, out var view) != TlpError.None)
        {
            device.Malformed++;
            if (Completion.TryRefuse(hand.Bytes, DeviceConfigAccess.Reserved, out var answer))
            {
                Check.That(device.Device.TryAccept(_reply.AsSpan(0, answer.Write(_reply)), now));
            }

            return;
        }

        if (view.IsCompletion && view.Requester == DeviceConfigAccess.Reserved)
        {
            config.OnCompletion(view, device.Bus);
            changed.Set();
            return;
        }

        if (device.Own is { } own && own.IsMine(view))
        {
            Check.That(own.TryAccept(hand.Bytes, now));
            return;
        }

        if (Sender(device, view) is not { } function)
        {
            device.UnknownRequesters++;
            Refuse(device, null, view, now);
            return;
        }

        if (function.Output.Count > 0 || !TryFinish(device, function, hand, now))
        {
            OutputPacing.Hold(device, function, now);
        }
    }

    /// <summary>Whose RID it carries; null: that of no function which a host can own, the physical one (row 8) among them.</summary>
    private IoFunction? Sender(BusDevice device, in TlpView view)
    {
        var sender = device.Find(view.IsCompletion ? view.Completer : view.Requester);
        var isGuessed = Broken switch
        {
            BrokenRule.Row4HostByRid => !view.IsCompletion,
            BrokenRule.Row8Leak => sender is null,
            _ => false,
        };
        return isGuessed ? device.Functions[0] : sender;
    }

    /// <returns>False: the owner's link has no room; all or part of it is still there.</returns>
    private bool TryFinish(BusDevice device, IoFunction function, HeldTlp tlp, Instant now)
    {
        if (!tlp.IsTranslated)
        {
            if (function is { IsOpen: true, Session.HasRoom: false })
            {
                return false;
            }

            Check.That(TlpView.TryParse(tlp.Bytes, out var view) == TlpError.None);
            Tap?.OnTlp(function.Passage(TlpDirection.ToHost), view.Bytes);
            if (Translate(device, function, tlp, view, now) == Verdict.Done)
            {
                return true;
            }
        }

        return TrySend(function, tlp, now);
    }

    private bool TrySend(IoFunction function, HeldTlp tlp, Instant now)
    {
        Check.That(TlpView.TryParse(tlp.Bytes, out var view) == TlpError.None);
        bool last;
        do
        {
            if (!function.IsOpen || function.Generation != tlp.Generation || function.Session is not { } session)
            {
                function.Counters.DmaPostedDropped++;
                return true;
            }

            if (!session.Link.HasRoom(view.Class))
            {
                return false;
            }

            var offset = tlp.Offset;
            last = TlpPieces.Next(view, session.Link.MaxPayloadBytes, ref offset, _piece, out var piece);
            if (!session.TrySendTlp(function.Number, function.Generation, view.Class, piece, now))
            {
                return false;
            }

            tlp.Offset = offset;
            function.Output.ProgressAt = now;
            function.Counters.TlpsToHost++;
        }
        while (!last);
        function.Counters.BytesToHost += view.Payload.Length;
        return true;
    }

    private Verdict Translate(BusDevice device, IoFunction function, HeldTlp tlp, in TlpView view, Instant now)
    {
        if (!view.HasValidEcrc && Broken != BrokenRule.EcrcToHost)
        {
            function.Counters.BadEcrc++;
            Refuse(device, function, view, now);
            return Verdict.Done;
        }

        if (view.IsPoisoned)
        {
            function.Counters.Poisoned++;
        }

        if (view.IsCompletion)
        {
            return TranslateCompletion(function, tlp, view);
        }

        if (view.IsMessage)
        {
            return TranslateMessage(function, tlp, view);
        }

        // Row 4 and 6; configuration requests of a device fit no row.
        var mayMaster = function.BusMaster || Broken == BrokenRule.BusMasterEnable;
        if (!function.IsOpen || !mayMaster || view.IsConfig
            || (view.Class == TlpClass.NonPosted && !TryNote(function, view) && Broken != BrokenRule.TagInUseToHost))
        {
            Refuse(device, function, view, now);
            return Verdict.Done;
        }

        IdSwap.ToHost(tlp.Bytes, Broken == BrokenRule.Row4Requester ? view.Requester : function.Config.VfH);
        return Translated(function, tlp);
    }

    /// <summary>Row 2.</summary>
    private Verdict TranslateCompletion(IoFunction function, HeldTlp tlp, in TlpView view)
    {
        if (!IsAwaited(function, view, out var hostH) && Broken != BrokenRule.UnexpectedToHost)
        {
            return Verdict.Done;
        }

        var vfH = Broken == BrokenRule.Row2Completer ? view.Completer : function.Config.VfH;
        IdSwap.CompletionToHost(tlp.Bytes, vfH, Broken == BrokenRule.Row2Requester ? view.Requester : hostH);
        return Translated(function, tlp);
    }

    /// <summary>Does it answer what the owner asked, and is it the owner still? Notes how much is still to come.</summary>
    private bool IsAwaited(IoFunction function, in TlpView view, out Rid hostH)
    {
        hostH = default;
        if (!function.HostRequests.TryGet(view.Requester, view.Tag, out var request)
            || !CompletionBytes.TryTakeAway(view, request.BytesLeft, out var left))
        {
            function.Counters.UnexpectedCompletions++;
            return false;
        }

        hostH = request.HostH;

        if (left > 0)
        {
            function.HostRequests.TryUpdate(view.Requester, view.Tag, request with { BytesLeft = left });
        }
        else
        {
            function.HostRequests.TryRemove(view.Requester, view.Tag, out _);
            if (function.HostRequests.Count == 0)
            {
                changed.Set();
            }
        }

        // A reset has ended the requests before it: none of them is in the table any more.
        if (!function.IsOpen)
        {
            function.Counters.StaleCompletions++;
            return false;
        }

        return true;
    }

    /// <summary>Row 7: errors and PME are the host's to know. INTx is hidden, and so is what is between a device and its own link.</summary>
    private Verdict TranslateMessage(IoFunction function, HeldTlp tlp, in TlpView view)
    {
        if (!function.IsOpen || view.MessageCode is not (MessageCode.ErrCorrectable or MessageCode.ErrNonFatal or MessageCode.ErrFatal
            or MessageCode.PmPme or MessageCode.VendorDefinedType0 or MessageCode.VendorDefinedType1)
            || view.Payload.Length > function.Session!.Link.MaxPayloadBytes)
        {
            // A message too long for the link cannot be cut.
            function.Counters.MessagesHidden++;
            return Verdict.Done;
        }

        IdSwap.ToHost(tlp.Bytes, Broken == BrokenRule.Row7ToHost ? view.Requester : function.Config.VfH);
        return Translated(function, tlp);
    }

    private static bool TryNote(IoFunction function, in TlpView view) => function.DmaRequests.TryAdd(
        function.VfIo, view.Tag, new DmaRequest(function.Era, CompletionBytes.Expected(view)), Instant.Never);

    private static Verdict Translated(IoFunction function, HeldTlp tlp)
    {
        tlp.IsTranslated = true;
        tlp.Generation = function.Generation;
        return Verdict.Send;
    }

    /// <summary>Row 9.</summary>
    private void Refuse(BusDevice device, IoFunction? function, in TlpView view, Instant now)
    {
        if (view.IsCompletion)
        {
            return;
        }

        var isNonPosted = view.Class == TlpClass.NonPosted;
        if (isNonPosted)
        {
            var completer = function?.Session?.HostIo.Primary ?? DeviceConfigAccess.Reserved;
            var length = Completion.To(view, completer, CompletionStatus.UnsupportedRequest).Write(_reply);
            Check.That(device.Device.TryAccept(_reply.AsSpan(0, length), now));
            if (function is not null)
            {
                Tap?.OnTlp(function.Passage(TlpDirection.ToDevice), _reply.AsSpan(0, length));
            }
        }

        if (function is null)
        {
            return;
        }

        function.Counters.DmaUnsupportedRequests += isNonPosted ? 1 : 0;
        function.Counters.DmaPostedDropped += isNonPosted ? 0 : 1;
        if (function.MayReport(now))
        {
            var why = function.IsOpen ? function.BusMaster ? "a request that cannot be passed on" : "bus mastering is off" : "nobody owns it now";
            events.Report(EventSeverity.Warning, function.Name, $"DMA refused: {why}");
        }
    }
}
