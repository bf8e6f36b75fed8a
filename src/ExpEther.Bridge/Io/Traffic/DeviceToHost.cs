using ExpEther.Bridge.Io.Devices;
using ExpEther.Bridge.Io.Functions;
using ExpEther.Core.Scheduling;
using ExpEther.Core.Time;
using ExpEther.Link.Taps;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Bridge.Io.Traffic;

/// <summary>
/// What devices send: rows 2, 4, 6, 7, 8 and 9 of the table in ARCHITECTURE.md. The owner of the requester's RID gets it, whatever its
/// address says.
/// <para>
/// A TLP is taken from a device, translated once, in place, and sent in one piece or several as the owner's link has room. While it has none, the
/// device is not asked for more: its own queues fill, and only they. The exception is a configuration request of the I/O bridge itself
/// whose completion is behind: then a few TLPs are held here until it comes. A function that was closed meanwhile has its TLP refused.
/// </para>
/// </summary>
internal sealed class DeviceToHost(DeviceConfigAccess config, OwnerSignal changed, IEventSink events)
{
    private readonly byte[] _piece = new byte[TlpLimits.BytesMax];
    private readonly byte[] _reply = new byte[TlpLimits.HeaderBytesMax];

    private enum Verdict
    {
        /// <summary>It ended here.</summary>
        Done,

        /// <summary>It is translated and waits in the output.</summary>
        Send,
    }

    /// <summary>Sees what functions send, and what is refused to them here; null: nobody looks.</summary>
    public ITlpTap? Tap { get; set; }

    /// <summary>Moves what a device has to say.</summary>
    /// <returns>True when anything moved.</returns>
    public bool Pump(BusDevice device, Instant now)
    {
        var moved = false;
        for (var budget = IoBridgeLimits.TlpsPerDeviceAndTurnMax; budget > 0; budget--)
        {
            if (device.Output.Count == 0 && !Take(device, now))
            {
                break;
            }

            if (!TryFinishFirst(device, now))
            {
                moved |= TakeBehind(device, now);
                break;
            }

            moved = true;
        }

        return moved;
    }

    /// <summary>Takes one TLP; what is for the I/O bridge itself is used at once.</summary>
    private bool Take(BusDevice device, Instant now)
    {
        var room = device.Output.Room;
        if (!device.Device.TryTake(now, room, out var length))
        {
            return false;
        }

        if (TlpView.TryParse(room[..length], out var view) == TlpError.None)
        {
            if (view.IsCompletion && view.Requester == DeviceConfigAccess.Reserved)
            {
                config.OnCompletion(view);
                changed.Set();
                return true;
            }

            // Before anything can take it for a function's: row 8 never leaves the box.
            if (device.Own is { } own && own.TryTakeFromDevice(view, now))
            {
                return true;
            }
        }

        device.Output.Add(length);
        return true;
    }

    private bool TakeBehind(BusDevice device, Instant now)
    {
        var moved = false;
        while (config.WaitingFor(device.Bus) > 0 && !device.Output.IsFull && Take(device, now))
        {
            moved = true;
        }

        return moved;
    }

    /// <returns>False: the owner's link has no room; all or part of it is still there.</returns>
    private bool TryFinishFirst(BusDevice device, Instant now)
    {
        var output = device.Output;
        if (output.Count == 0)
        {
            return true;
        }

        if (output.OutFunction is null)
        {
            var error = TlpView.TryParse(output.First, out var view);
            if (error != TlpError.None)
            {
                device.Malformed++;
                if (Completion.TryRefuse(output.First, DeviceConfigAccess.Reserved, out var answer))
                {
                    Check.That(device.Device.TryAccept(_reply.AsSpan(0, answer.Write(_reply)), now));
                }

                RemoveFirst(output);
                return true;
            }

            var function = device.Find(view.IsCompletion ? view.Completer : view.Requester);
            if (function is { IsOpen: true, Session: { HasRoom: false } })
            {
                return false;
            }

            if (function is not null)
            {
                Tap?.OnTlp(function.Passage(TlpDirection.ToHost), view.Bytes);
            }

            if (Translate(device, function, view, now) == Verdict.Done)
            {
                RemoveFirst(output);
                return true;
            }
        }

        return TrySendFirst(output);
    }

    private bool TrySendFirst(DeviceOutput output)
    {
        var function = output.OutFunction!;
        var error = TlpView.TryParse(output.First, out var view);
        Check.That(error == TlpError.None);
        bool last;
        do
        {
            if (!function.IsOpen || function.Generation != output.OutGeneration || function.Session is not { } session)
            {
                function.Counters.DmaPostedDropped++;
                break;
            }

            if (!session.Link.HasRoom(view.Class))
            {
                return false;
            }

            var offset = output.OutOffset;
            last = TlpPieces.Next(view, session.Link.MaxPayloadBytes, ref offset, _piece, out var piece);
            if (!session.Link.TrySendTlp(function.Number, function.Generation, view.Class, piece))
            {
                return false;
            }

            output.OutOffset = offset;
            function.Counters.TlpsToHost++;
        }
        while (!last);
        function.Counters.BytesToHost += view.Payload.Length;
        RemoveFirst(output);
        return true;
    }

    private void RemoveFirst(DeviceOutput output)
    {
        output.RemoveFirst();
        if (output.Count == 0 || output.Waiters > 0)
        {
            changed.Set();
        }
    }

    private Verdict Translate(BusDevice device, IoFunction? function, in TlpView view, Instant now)
    {
        if (function is null)
        {
            device.UnknownRequesters++;
            Refuse(device, null, view, now);
            return Verdict.Done;
        }

        if (!view.HasValidEcrc)
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
            return TranslateCompletion(function, view);
        }

        if (view.IsMessage)
        {
            return TranslateMessage(function, view);
        }

        // Row 4 and 6; configuration requests of a device fit no row.
        if (!function.IsOpen || !function.BusMaster || view.IsConfig || (view.Class == TlpClass.NonPosted && !TryNote(function, view)))
        {
            Refuse(device, function, view, now);
            return Verdict.Done;
        }

        IdSwap.ToHost(device.Output.First, function.Config.VfH);
        return Translated(function);
    }

    /// <summary>Row 2.</summary>
    private Verdict TranslateCompletion(IoFunction function, in TlpView view)
    {
        if (!function.HostRequests.TryGet(view.Requester, view.Tag, out var request)
            || !CompletionBytes.TryTakeAway(view, request.BytesLeft, out var left))
        {
            function.Counters.UnexpectedCompletions++;
            return Verdict.Done;
        }

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

        if (!function.IsOpen || request.Era != function.Era)
        {
            function.Counters.StaleCompletions++;
            return Verdict.Done;
        }

        IdSwap.CompletionToHost(function.Device.Output.First, function.Config.VfH, request.HostH);
        return Translated(function);
    }

    /// <summary>Row 7: errors and PME are the host's to know. INTx is hidden, and so is what is between a device and its own link.</summary>
    private static Verdict TranslateMessage(IoFunction function, in TlpView view)
    {
        if (!function.IsOpen || view.MessageCode is not (MessageCode.ErrCorrectable or MessageCode.ErrNonFatal or MessageCode.ErrFatal
            or MessageCode.PmPme or MessageCode.VendorDefinedType0 or MessageCode.VendorDefinedType1)
            || view.Payload.Length > function.Session!.Link.MaxPayloadBytes)
        {
            // A message too long for the link cannot be cut.
            function.Counters.MessagesHidden++;
            return Verdict.Done;
        }

        IdSwap.ToHost(function.Device.Output.First, function.Config.VfH);
        return Translated(function);
    }

    private static bool TryNote(IoFunction function, in TlpView view) => function.DmaRequests.TryAdd(
        function.VfIo, view.Tag, new DmaRequest(function.Era, CompletionBytes.Expected(view)), Instant.Never);

    private static Verdict Translated(IoFunction function)
    {
        var output = function.Device.Output;
        output.OutOffset = 0;
        output.OutFunction = function;
        output.OutGeneration = function.Generation;
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
