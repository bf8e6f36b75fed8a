using ExpEther.Bridge.Io.Functions;
using ExpEther.Bridge.Io.Ownership;
using ExpEther.Bridge.Io.Sessions;
using ExpEther.Bridge.Protocol;
using ExpEther.Core.Scheduling;

namespace ExpEther.Bridge.Io.Sequences;

/// <summary>
/// Has functions follow a guest that migrates from one host to another. The owner's host bridge marks a function for the guest's UUID once the guest has let
/// go of it; the host bridge at which the guest then runs says so; and the box moves the function there as by the command move, record, namespaces and all.
/// <para>
/// A host gets by this only what the owner has marked for the UUID that it names. The mark belongs to one assignment. It ends when the function begins to
/// move, at the next assignment, by attach, detach and move, by the owner's word, <see cref="IoBridgeLimits.FollowMarkLife"/> after the owner said it last, and
/// with the box's process. It outlives the owner's link, since a source host is often shut down right after its guests have gone. That a guest
/// is somewhere is acted on at once and not remembered, so that old news moves nothing.
/// </para>
/// </summary>
internal sealed class GuestFollower(
    FunctionTable functions, BridgeCommands commands, OwnershipTable ownership, SequenceGuard guard, OwnerScheduler scheduler, IEventSink events)
{
    /// <summary>Marks of functions that are not the host's, and news of guests past <see cref="IoBridgeLimits.GuestNewsPerHostAndSecondMax"/>.</summary>
    public long Ignored { get; private set; }

    /// <returns>False: the message is about something else.</returns>
    public bool OnControl(HostSession session, ReadOnlySpan<byte> message)
    {
        if (FollowsMessage.TryParse(message, out var follows))
        {
            OnFollows(session, follows);
            return true;
        }

        if (GuestHereMessage.TryParse(message, out var here))
        {
            OnGuestHere(session, here.Guest);
            return true;
        }

        return false;
    }

    private void OnFollows(HostSession session, in FollowsMessage follows)
    {
        if (functions.Find(follows.Function) is not { State: FunctionState.Presented } function || function.Session != session
            || function.Generation != follows.Generation)
        {
            Ignored++;
            return;
        }

        var before = function.MarkAt(scheduler.Now);
        function.Mark = follows.Guest == Guid.Empty ? null : new FollowMark(follows.Guest, scheduler.Now + IoBridgeLimits.FollowMarkLife);
        if (before?.Guest != function.Mark?.Guest && function.MayReport(scheduler.Now))
        {
            events.Report(
                EventSeverity.Information, function.Name,
                function.Mark is { } mark ? $"host {session.Name}: its guest {mark.Guest} migrates; the function follows it"
                    : $"host {session.Name}: the function follows no guest any more");
        }
    }

    private void OnGuestHere(HostSession session, Guid guest)
    {
        if (!session.MayTellOfGuest(scheduler.Now))
        {
            Ignored++;
            return;
        }

        foreach (var function in functions.All)
        {
            if (function.Busy is null && function.State != FunctionState.Failed && function.MarkAt(scheduler.Now) is { } mark && mark.Guest == guest
                && ownership.OwnerOf(function.Name) is { } owner && owner.Owner != new HostIdentity(session.Host.Vlan, session.Host.Mac))
            {
                function.Mark = null;
                var generation = function.Generation;
                guard.Start(function, () => FollowAsync(function, generation, session, guest));
            }
        }
    }

    private async Task FollowAsync(IoFunction function, ulong generation, HostSession to, Guid guest)
    {
        var result = await commands.MoveAsync(function.Name, to.Name, force: false, generation, slot: 0, new StepLog(scheduler, null));
        if (result.Ok)
        {
            events.Report(EventSeverity.Information, function.Name, $"followed guest {guest} from host {result.From} to host {to.Name}");
        }
        else
        {
            events.Report(
                EventSeverity.Error, function.Name, $"could not follow guest {guest} to host {to.Name}: {result.Message}; {result.Remedy}");
        }
    }
}
