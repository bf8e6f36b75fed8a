using ExpEther.Bridge.Io.Functions;
using ExpEther.Bridge.Io.Sessions;
using ExpEther.Core.Scheduling;
using ExpEther.Core.Time;
using ExpEther.Link.Taps;
using ExpEther.Pcie;
using ExpEther.Pcie.Config;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Bridge.Io.Traffic;

/// <summary>
/// What hosts send: rows 1, 3, 5, 7 and 9 of the table in ARCHITECTURE.md. Everything is sunk at once. A TLP passes only if its sender
/// owns the function and its generation is the current one; anything that fits no row ends in UR or is dropped, and is counted.
/// </summary>
internal sealed class HostToDevice(FunctionTable functions, OwnerSignal changed, IEventSink events)
{
    private readonly byte[] _out = new byte[TlpLimits.BytesMax];
    private readonly byte[] _piece = new byte[TlpLimits.BytesMax];
    private readonly byte[] _reply = new byte[IoBridgeLimits.ReplyBytesMax];

    /// <summary>TLPs for a function number that nobody has.</summary>
    public long UnknownFunctions { get; private set; }

    public long Malformed { get; private set; }

    /// <summary>Sees what functions are given; null: nobody looks.</summary>
    public ITlpTap? Tap { get; set; }

    /// <summary>A rule that is not kept.</summary>
    public BrokenRule Broken { get; set; }

    public void OnTlp(HostSession session, ushort number, ulong generation, ReadOnlySpan<byte> tlp, Instant now)
    {
        var function = functions.Find(number);
        if (TlpView.TryParse(tlp, out var view) is not TlpError.None)
        {
            Malformed++;
            if (function is not null)
            {
                function.Counters.Malformed++;
            }

            return;
        }

        if (function is null || !function.IsOpen
            || (function.Session != session && Broken != BrokenRule.Owner)
            || (function.Generation != generation && Broken != BrokenRule.Generation))
        {
            RefuseStranger(session, number, generation, function, view, now);
            return;
        }

        if (view.IsPoisoned)
        {
            function.Counters.Poisoned++;
        }

        if (!view.HasValidEcrc && Broken != BrokenRule.EcrcToDevice)
        {
            function.Counters.BadEcrc++;
            Refuse(session, function, view, UncorrectableError.Ecrc);
            return;
        }

        switch (view.Kind)
        {
            case TlpKind.ConfigRead0 or TlpKind.ConfigWrite0:
                function.ConfigRequests.Serve(view);
                break;
            case TlpKind.Completion or TlpKind.CompletionWithData:
                OnCompletion(session, function, view, now);
                break;
            case TlpKind.Message or TlpKind.MessageWithData:
                OnMessage(session, function, view, now);
                break;
            case TlpKind.ConfigRead1 or TlpKind.ConfigWrite1:
                Refuse(session, function, view, UncorrectableError.UnsupportedRequest);
                break;
            default:
                OnMemory(session, function, view, now);
                break;
        }
    }

    /// <summary>Row 1.</summary>
    private void OnMemory(HostSession session, IoFunction function, in TlpView view, Instant now)
    {
        var isNonPosted = view.Class == TlpClass.NonPosted;
        if (!function.Windows.TryMap(new HostAddress(view.Address), BytesOf(view), out var memIo, Broken)
            || !session.HostIo.TryMap(view.Requester, out var hostIo)
            // PCIe 5.0 §2.2.6.2: a completer without 10-bit tags would answer with the wrong tag.
            || (isNonPosted && view.Tag.Needs10Bit && !function.Real.Tag10BitCompleter && Broken != BrokenRule.Tag10Bit)
            || (isNonPosted && !function.HostRequests.TryAdd(
                hostIo, view.Tag, new HostRequest(view.Requester, CompletionBytes.Expected(view)), Instant.Never)
                && Broken != BrokenRule.TagInUseToDevice))
        {
            Refuse(session, function, view, UncorrectableError.UnsupportedRequest);
            return;
        }

        function.HostH = view.Requester;
        hostIo = Broken == BrokenRule.Row1Requester ? view.Requester : hostIo;
        memIo = Broken == BrokenRule.Row1Address ? new IoAddress(view.Address) : memIo;
        Deliver(function, IdSwap.ToDevice(view, hostIo, memIo, _out), now);
    }

    /// <summary>Row 5.</summary>
    private void OnCompletion(HostSession session, IoFunction function, in TlpView view, Instant now)
    {
        if (!IsAwaited(function, view) && Broken != BrokenRule.UnexpectedToDevice)
        {
            return;
        }

        if (!session.HostIo.TryMap(view.Completer, out var hostIo))
        {
            hostIo = session.HostIo.Primary;
        }

        hostIo = Broken == BrokenRule.Row5Completer ? view.Completer : hostIo;
        var vfIo = Broken == BrokenRule.Row5Requester ? view.Requester : function.VfIo;
        Deliver(function, IdSwap.CompletionToDevice(view, hostIo, vfIo, _out), now);
    }

    /// <summary>Does it answer what the function asked in this assignment and since its last reset? Notes how much is still to come.</summary>
    private bool IsAwaited(IoFunction function, in TlpView view)
    {
        if (view.Requester != function.Config.VfH
            || !function.DmaRequests.TryGet(function.VfIo, view.Tag, out var request)
            || !CompletionBytes.TryTakeAway(view, request.BytesLeft, out var left))
        {
            function.Counters.UnexpectedCompletions++;
            return false;
        }

        if (left > 0)
        {
            function.DmaRequests.TryUpdate(function.VfIo, view.Tag, request with { BytesLeft = left });
        }
        else
        {
            function.DmaRequests.TryRemove(function.VfIo, view.Tag, out _);
            if (function.DmaRequests.Count == 0)
            {
                changed.Set();
            }
        }

        if (request.Era != function.Era && Broken != BrokenRule.Era)
        {
            function.Counters.StaleCompletions++;
            return false;
        }

        return true;
    }

    /// <summary>Row 7. A host may speak to its function, but not do to the device's link what concerns all of its functions.</summary>
    private void OnMessage(HostSession session, IoFunction function, in TlpView view, Instant now)
    {
        if (view.MessageCode == MessageCode.PmeTurnOff)
        {
            var length = new Message(function.Config.VfH, MessageCode.PmeToAck, MessageRouting.GatheredToRootComplex).Write(_reply);
            session.Reply(function.Number, function.Generation, TlpClass.Posted, _reply.AsSpan(0, length));
            function.Counters.MessagesHidden++;
            return;
        }

        if (view.MessageCode is not (MessageCode.VendorDefinedType0 or MessageCode.VendorDefinedType1)
            || view.Payload.Length > function.Device.MaxPayloadBytes
            || !session.HostIo.TryMap(view.Requester, out var hostIo))
        {
            function.Counters.MessagesHidden++;
            return;
        }

        var swap = Broken != BrokenRule.Row7ToDevice;
        Deliver(function, IdSwap.MessageToDevice(view, swap ? hostIo : view.Requester, swap ? function.VfIo : view.MessageTarget, _out), now);
    }

    private void Deliver(IoFunction function, int length, Instant now)
    {
        var error = TlpView.TryParse(_out.AsSpan(0, length), out var view);
        Check.That(error == TlpError.None);
        function.Counters.TlpsToDevice++;
        function.Counters.BytesToDevice += view.Payload.Length;
        var offset = 0;
        bool last;
        do
        {
            last = TlpPieces.Next(view, function.Device.MaxPayloadBytes, ref offset, _piece, out var piece);
            Give(function, piece, now);
        }
        while (!last);
    }

    private void Give(IoFunction function, ReadOnlySpan<byte> tlp, Instant now)
    {
        Tap?.OnTlp(function.Passage(TlpDirection.ToDevice), tlp);
        Check.That(function.Device.Device.TryAccept(tlp, now));
    }

    /// <summary>Row 9: UR with the right completer for what waits for an answer; the rest is dropped. Told to the host as AER says.</summary>
    private void Refuse(HostSession session, IoFunction function, in TlpView view, UncorrectableError error)
    {
        if (view.IsCompletion)
        {
            function.Counters.UnexpectedCompletions++;
            return;
        }

        var isNonPosted = view.Class == TlpClass.NonPosted;
        if (isNonPosted)
        {
            function.Counters.HostUnsupportedRequests++;
            var length = Completion.To(view, function.Config.VfH, CompletionStatus.UnsupportedRequest).Write(_reply);
            session.Reply(function.Number, function.Generation, TlpClass.Completion, _reply.AsSpan(0, length));
        }
        else
        {
            function.Counters.HostPostedDropped++;
        }

        if (function.Config.Endpoint.Aer.Report(error, view.Bytes, isNonPosted && error == UncorrectableError.UnsupportedRequest) is { } code)
        {
            var length = new Message(function.Config.VfH, code, MessageRouting.ToRootComplex).Write(_reply);
            session.Reply(function.Number, function.Generation, TlpClass.Posted, _reply.AsSpan(0, length));
        }
    }

    private void RefuseStranger(HostSession session, ushort number, ulong generation, IoFunction? function, in TlpView view, Instant now)
    {
        if (function is null)
        {
            UnknownFunctions++;
        }
        else if (view.IsCompletion)
        {
            function.Counters.StaleCompletions++;
        }
        else
        {
            function.Counters.WrongGeneration++;
        }

        if (view.Class == TlpClass.NonPosted)
        {
            // The host still waits for it under that generation; its completer is whom it asked.
            var completer = view.IsConfig ? view.ConfigTarget : default;
            var length = Completion.To(view, completer, CompletionStatus.UnsupportedRequest).Write(_reply);
            session.Reply(number, generation, TlpClass.Completion, _reply.AsSpan(0, length));
        }

        if (function is { Session: { } owner } && owner != session && function.MayReport(now))
        {
            events.Report(EventSeverity.Warning, function.Name, $"host {session.Name} sends TLPs to a function that it does not own");
        }
    }

    private static int BytesOf(in TlpView view) => view.IsAtomic ? view.ByteLength : view.LengthDw * 4;
}
