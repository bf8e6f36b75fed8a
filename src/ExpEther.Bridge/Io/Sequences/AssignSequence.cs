using ExpEther.Bridge.Io.Functions;
using ExpEther.Bridge.Io.Ownership;
using ExpEther.Bridge.Io.Physical;
using ExpEther.Bridge.Io.Sessions;
using ExpEther.Bridge.Protocol;
using ExpEther.Core.Scheduling;

namespace ExpEther.Bridge.Io.Sequences;

/// <summary>
/// Gives a closed function to a host: reset, a fresh virtual config space, ownership and generation made durable, a VF shown its owner's
/// namespaces and no others, then the host is told.
/// </summary>
internal sealed class AssignSequence(
    FunctionReset reset, OwnershipTable ownership, NamespaceOwnership namespaces, OwnerSignal changed, IEventSink events, IoBridgeOptions options)
{
    private readonly byte[] _message = new byte[PresentMessage.BytesMax];

    /// <param name="function">Closed, and this sequence's to work on.</param>
    /// <param name="session">The host.</param>
    /// <param name="steps">Where the steps are noted.</param>
    /// <param name="carries">The private namespaces that its owner sees by it become the host's, too.</param>
    /// <param name="mayPresent">True once the host may be told; null: at once.</param>
    /// <returns>Empty on success; else a <see cref="RefusalCode"/>.</returns>
    public async Task<string> RunAsync(
        IoFunction function, HostSession session, StepLog steps, bool carries = false, Func<bool>? mayPresent = null)
    {
        Check.That(!function.IsOpen && function.Busy is not null);
        function.State = FunctionState.Assigning;
        function.TriedEpoch = session.Link.Epoch;
        if (!function.IsClean && !await reset.ResetAsync(function, steps))
        {
            return RefusalCode.DeviceFailed;
        }

        function.Config.Reset();
        var (failure, carried) = carries ? await namespaces.CarriedAsync(function) : ("", []);
        if (failure.Length > 0)
        {
            return NotPrepared(function, session, failure);
        }

        var before = ownership.OwnerOf(function.Name);
        var generation = ownership.NextGeneration();
        var record = new OwnershipRecord(function.Name, session.Host.Vlan, session.Host.Mac, generation);
        record = record with { Since = SinceOf(before, record) };
        var recorded = await ownership.RecordAsync(function.Name, record, [.. carried.Select(n => n with { Owner = record.Owner })]);
        if (!recorded)
        {
            // What was recorded may still reach the disk; an owner there whom nothing is presented to does no harm.
            ownership.TakeBack(function.Name, before, carried);
            function.State = FunctionState.Idle;
            return RefusalCode.NotRecorded;
        }

        steps.Add(BridgeStepName.Recorded);
        failure = await namespaces.PrepareAsync(function);
        if (failure.Length > 0)
        {
            return NotPrepared(function, session, failure);
        }

        if (mayPresent is not null)
        {
            await changed.WaitUntil(() => mayPresent() || !session.IsUp, IoBridgeLimits.PresentOrderTimeout);
        }

        if (function.State == FunctionState.Failed)
        {
            return RefusalCode.DeviceFailed;
        }

        function.TriedEpoch = session.Link.Epoch;
        if (!session.IsUp)
        {
            function.State = FunctionState.Idle;
            return RefusalCode.LinkDown;
        }

        function.Open(session, generation);
        session.Tell(_message.AsSpan(0, Present(function, record).Write(_message)));
        steps.Add(BridgeStepName.Presented);
        changed.Set();
        return "";
    }

    /// <summary>Waits until the host has the function, says that it waits for something, or says no. Bounded.</summary>
    /// <returns>Empty: plugged, or the host takes its time (<see cref="IoFunction.Note"/>); else a <see cref="RefusalCode"/>.</returns>
    public async Task<string> WaitForPlugAsync(IoFunction function, StepLog steps)
    {
        var generation = function.Generation;
        bool IsAnswered() => function.Answer != HostAnswer.None || function.IsNotShown || !function.IsOpen || function.Hurry;
        var waited = options.PlugTimeout;
        if (!await changed.WaitUntil(IsAnswered, waited) && function.IsAsked && IoBridgeLimits.AskedTimeout > waited)
        {
            steps.Add(BridgeStepName.Awaited);
            await changed.WaitUntil(IsAnswered, IoBridgeLimits.AskedTimeout - waited);
            waited = IoBridgeLimits.AskedTimeout;
        }

        if (!function.IsOpen || function.Generation != generation)
        {
            return RefusalCode.LinkDown;
        }

        if (function.Answer == HostAnswer.Refused)
        {
            function.Close(FunctionState.Idle);
            return RefusalCode.HostRefused;
        }

        if (function.IsNotShown)
        {
            return RefusalCode.HostRefused;
        }

        switch (function.Answer)
        {
            case HostAnswer.Plugged:
                steps.Add(BridgeStepName.Plugged);
                break;
            case HostAnswer.Waiting:
                steps.Add(BridgeStepName.Waiting);
                break;
            case HostAnswer.PoweredOff:
                function.Note = "the host has powered its slot off at once; it is shown the function again";
                break;
            case HostAnswer.None when !function.Hurry:
                function.Note = $"the host has not said within {waited.TotalSeconds:0} s that it has the function; 'expether ls' there shows more";
                break;
        }

        return "";
    }

    private string NotPrepared(IoFunction function, HostSession session, string failure)
    {
        function.State = FunctionState.Idle;
        function.Trouble = failure;
        events.Report(EventSeverity.Error, function.Name, $"is not shown to host {session.Name}: {failure}");
        return RefusalCode.NotPrepared;
    }

    /// <summary>Generations of one incarnation count up; of two nothing is known.</summary>
    private static ulong SinceOf(OwnershipRecord? before, OwnershipRecord now)
    {
        const int Counter = IoBridgeLimits.GenerationCounterBits;
        return before?.Owner == now.Owner && before.Since <= before.Generation && before.Generation < now.Generation
            && before.Since >> Counter == now.Generation >> Counter
            ? before.Since
            : now.Generation;
    }

    private static PresentMessage Present(IoFunction function, OwnershipRecord record)
    {
        var shown = function.Real.Description;
        return new PresentMessage(
            function.Number, record.Generation, function.Name, shown.VendorId, shown.DeviceId, shown.ClassCode, shown.RevisionId)
        {
            Slot = function.SlotDemanded > 0 ? function.SlotDemanded : function.SlotBefore,
            IsSlotDemanded = function.SlotDemanded > 0,
            Resume = function.Device.Device.Resumable is { } resumable && resumable.CanResume(function.VfIo)
                ? function.Config.OfferSince(record.Since, resumable.ContinuityOf(function.VfIo))
                : null,
        };
    }
}
