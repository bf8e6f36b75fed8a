using ExpEther.Bridge.Io.Functions;
using ExpEther.Bridge.Io.Ownership;
using ExpEther.Bridge.Io.Physical;
using ExpEther.Bridge.Io.Sessions;
using ExpEther.Bridge.Protocol;
using ExpEther.Core.Scheduling;
using ExpEther.Link;

namespace ExpEther.Bridge.Io.Sequences;

/// <summary>
/// Keeps functions in step with their owners' links, without being asked: a link that dies fences its functions at once and resets them;
/// a new epoch gets them presented again, each under a new generation; a host that powers a slot off by itself gives the function back.
/// Level-triggered: <see cref="Settle"/> looks at what is, and is called whenever a sequence ends or a link comes up.
/// </summary>
internal sealed class OwnerFollower(
    FunctionTable functions, AssignSequence assign, ReleaseSequence release, OwnershipTable ownership, NamespaceOwnership namespaces,
    OwnerScheduler scheduler, OwnerSignal changed, IEventSink events, SequenceGuard guard)
{
    private const string LinkUp = "link-up";
    private const string LinkDown = "link-down";

    /// <summary>Answers to generations that are over, or from hosts that do not own the function.</summary>
    public long StaleAnswers { get; private set; }

    public void OnUp(HostSession session)
    {
        events.Report(EventSeverity.Information, session.Name, $"link up, epoch {session.Link.Epoch:x}: {session.Link.DescribePath()}");
        foreach (var function in functions.All)
        {
            Settle(function, session);
        }

        changed.Set();
    }

    public void OnDown(HostSession session, LinkDownReason reason)
    {
        events.Report(EventSeverity.Warning, session.Name, $"link down: {LinkDownText.Of(reason)}");
        foreach (var function in functions.All)
        {
            if (function.Session == session)
            {
                function.Counters.Fenced++;
                function.Close(FunctionState.Fenced);
                Settle(function, session);
            }
        }

        changed.Set();
    }

    public void OnControl(HostSession session, in ControlHeader header, ReadOnlySpan<byte> message)
    {
        if (KeepsMessage.TryParse(message, out var keeps))
        {
            if (!Owns(session, keeps.Name))
            {
                session.TellForget(keeps.Name);
            }

            return;
        }

        if (functions.Find(header.Function) is not { IsOpen: true } function || function.Session != session
            || function.Generation != header.Generation)
        {
            StaleAnswers++;
            return;
        }

        switch (header.Kind)
        {
            case ControlKind.Plugged when PluggedMessage.TryParse(message, out var plugged):
                function.Answer = HostAnswer.Plugged;
                (function.IsNotShown, function.Note) = (false, function.IsNotShown || function.IsWaiting ? "" : function.Note);
                function.IsWaiting = false;
                function.Slot = plugged.Slot;
                function.SlotBefore = plugged.Slot;
                function.HostH = plugged.HostH;
                function.VfHTold = plugged.VfH;
                break;
            case ControlKind.Note when NoteMessage.TryParse(message, out var note):
                OnNote(function, session, note);
                break;
            case ControlKind.PoweredOff:
                function.Answer = HostAnswer.PoweredOff;
                GiveBack(function, session);
                break;
            case ControlKind.Refused when RefusedMessage.TryParse(message, out var refused):
                (function.Answer, function.Refusal) = (HostAnswer.Refused, refused.Reason);
                OnRefused(function, session, refused.Reason);
                break;
            case ControlKind.Resumed when ResumedMessage.TryParse(message, out var resumed) && MayResume(function):
                function.WasResumed = true;
                function.Device.Device.Resumable!.Resume(function.VfIo, resumed.Note, scheduler.Now);
                events.Report(EventSeverity.Information, function.Name, $"host {session.Name} goes on with it where it was");
                break;
            default:
                StaleAnswers++;
                break;
        }

        changed.Set();
    }

    /// <summary>It was presented as one that can go on, and its owner has not used it since.</summary>
    private static bool MayResume(IoFunction function) => function is { Answer: HostAnswer.None, WasTaken: false, WasResumed: false, IsResetting: false }
        && function.Device.Device.Resumable?.CanResume(function.VfIo) == true;

    /// <summary>Nobody works on the function: does it need something?</summary>
    public void Settle(IoFunction function, HostSession? owner)
    {
        if (function.Busy is not null)
        {
            return;
        }

        if (function is { IsOpen: true, Answer: HostAnswer.PoweredOff, Session: { } session })
        {
            // It came while a command was at work, which did not wait for it.
            GiveBack(function, session);
        }
        else if (function.State == FunctionState.Fenced)
        {
            function.Busy = LinkDown;
            guard.Start(function, () => QuietAsync(function, owner));
        }
        else if (function.State == FunctionState.Idle && owner is { IsUp: true } && Owns(owner, function.Name) && function.TriedEpoch != owner.Link.Epoch)
        {
            function.Busy = LinkUp;
            guard.Start(function, () => PresentAsync(function, owner));
        }
    }

    /// <summary>
    /// Hosts give slots in the order in which functions come, and that must not hang on which device is ready first: a function is not presented before
    /// those that stand before it in the configuration and come back to the same host too.
    /// </summary>
    private bool IsNext(IoFunction function, HostSession owner)
    {
        foreach (var other in functions.All)
        {
            if (other.Number < function.Number && other.Busy is LinkUp or LinkDown && !other.IsOpen && Owns(owner, other.Name))
            {
                return false;
            }
        }

        return true;
    }

    private bool Owns(HostSession session, string function) =>
        ownership.OwnerOf(function) is { } record && record.Vlan == session.Host.Vlan && record.Mac == session.Host.Mac;

    private async Task QuietAsync(IoFunction function, HostSession? owner)
    {
        await release.RunAsync(function, true, new StepLog(scheduler, null));
        End(function, owner);
    }

    private async Task PresentAsync(IoFunction function, HostSession owner)
    {
        var code = await assign.RunAsync(function, owner, new StepLog(scheduler, null), mayPresent: () => IsNext(function, owner));
        if (code.Length > 0)
        {
            events.Report(EventSeverity.Error, function.Name, $"could not be given back to host {owner.Name}: {code}");
        }

        End(function, owner);
    }

    /// <summary>
    /// The host's operating system powered the slot off and nobody asked it to. If its driver had the function, it ejected it: that gives it
    /// back. If not, it could not bring it up, as when the link fell silent under way: the owner stays, and is shown it again a little later.
    /// </summary>
    private void GiveBack(IoFunction function, HostSession session)
    {
        if (function.Busy is not null)
        {
            return;
        }

        if (!function.WasTaken)
        {
            function.Busy = "not-taken";
            guard.Start(function, () => PresentLaterAsync(function, session, $"host {session.Name} did not bring it up"));
            return;
        }

        events.Report(EventSeverity.Information, function.Name, $"host {session.Name} let it go");
        function.Busy = "given-back";
        guard.Start(function, async () =>
        {
            await release.RunAsync(function, false, new StepLog(scheduler, null));
            await ownership.RecordAsync(function.Name, null);
            session.TellForget(function.Name);
            function.SlotBefore = 0;
            End(function, null);
        });
    }

    /// <summary>
    /// The owner's link takes nothing of what the function sends, and its siblings wait behind it: it is fenced and reset, and shown to its
    /// owner again a little later.
    /// </summary>
    public void GiveUp(IoFunction function)
    {
        var session = function.Session!;
        release.Fence(function);
        changed.Set();
        if (function.Busy is null)
        {
            function.Busy = "overrun";
            guard.Start(function, () => PresentLaterAsync(
                function, session, $"host {session.Name} takes nothing of what it sends, and its device cannot hold it back"));
        }
    }

    private async Task PresentLaterAsync(IoFunction function, HostSession session, string why)
    {
        var pause = IoBridgeLimits.PresentAgainPauseMin * (1 << Math.Min(function.TimesNotTaken++, IoBridgeLimits.PresentAgainDoublingsMax));
        events.Report(EventSeverity.Warning, function.Name, $"{why}; it is shown it again in {pause.TotalSeconds:0} s");
        await release.RunAsync(function, false, new StepLog(scheduler, null));
        End(function, session);
        await scheduler.Delay(pause);

        // Whatever came between has tried by itself.
        if (function.Busy is null && function.State == FunctionState.Idle)
        {
            function.TriedEpoch = 0;
            Settle(function, session);
        }
    }

    private void OnNote(IoFunction function, HostSession session, in NoteMessage note)
    {
        if (note.Kind == NoteKind.Asked)
        {
            function.IsAsked = true;
            return;
        }

        if (note.Text != function.Note && note.Kind == NoteKind.NotShown)
        {
            events.Report(EventSeverity.Warning, function.Name, $"host {session.Name}: {note.Text}");
        }

        function.Note = note.Text;
        function.IsNotShown = note.Kind == NoteKind.NotShown;
        function.IsWaiting = note.Kind == NoteKind.Waiting;
        if (function.IsWaiting && function.Answer == HostAnswer.None)
        {
            function.Answer = HostAnswer.Waiting;
        }
    }

    private void OnRefused(IoFunction function, HostSession session, RefusalReason reason)
    {
        if (function.Busy is not null)
        {
            return;
        }

        events.Report(EventSeverity.Error, function.Name, $"host {session.Name} could not take it: {reason}");
        function.Close(FunctionState.Idle);
    }

    private void End(IoFunction function, HostSession? owner)
    {
        function.Busy = null;
        changed.Set();
        Settle(function, owner);
        namespaces.Look(function);
    }
}
