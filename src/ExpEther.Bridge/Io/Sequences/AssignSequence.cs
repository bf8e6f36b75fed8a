using ExpEther.Bridge.Io.Functions;
using ExpEther.Bridge.Io.Ownership;
using ExpEther.Bridge.Io.Sessions;
using ExpEther.Bridge.Protocol;
using ExpEther.Core.Scheduling;

namespace ExpEther.Bridge.Io.Sequences;

/// <summary>
/// Gives a closed function to a host: reset, a fresh virtual config space, ownership and generation made durable, then the host is told.
/// </summary>
internal sealed class AssignSequence(FunctionReset reset, OwnershipTable ownership, OwnerSignal changed, IoBridgeOptions options)
{
    private readonly byte[] _message = new byte[PresentMessage.BytesMax];

    /// <returns>Empty on success; else a <see cref="RefusalCode"/>.</returns>
    public async Task<string> RunAsync(IoFunction function, HostSession session, StepLog steps)
    {
        Check.That(!function.IsOpen && function.Busy is not null);
        function.State = FunctionState.Assigning;
        function.TriedEpoch = session.Link.Epoch;
        if (!function.IsClean && !await reset.ResetAsync(function, steps))
        {
            return RefusalCode.DeviceFailed;
        }

        function.Config.Reset();
        var before = ownership.OwnerOf(function.Name);
        var generation = ownership.NextGeneration();
        var recorded = await ownership.RecordAsync(
            function.Name, new OwnershipRecord(function.Name, session.Host.Vlan, session.Host.Mac, generation));
        if (!recorded)
        {
            // What was recorded may still reach the disk; an owner there whom nothing is presented to does no harm.
            ownership.TakeBack(function.Name, before);
            function.State = FunctionState.Idle;
            return RefusalCode.NotRecorded;
        }

        steps.Add(BridgeStepName.Recorded);
        function.TriedEpoch = session.Link.Epoch;
        if (!session.IsUp)
        {
            function.State = FunctionState.Idle;
            return RefusalCode.LinkDown;
        }

        function.Open(session, generation);
        session.Tell(_message.AsSpan(0, Present(function, generation).Write(_message)));
        steps.Add(BridgeStepName.Presented);
        return "";
    }

    /// <summary>Waits until the host has given the function a bus number, or said no.</summary>
    /// <returns>Empty: plugged, or the host takes its time; else a <see cref="RefusalCode"/>.</returns>
    public async Task<string> WaitForPlugAsync(IoFunction function, StepLog steps)
    {
        var generation = function.Generation;
        await changed.WaitUntil(() => function.Answer != HostAnswer.None || !function.IsOpen || function.Hurry, options.PlugTimeout);
        if (!function.IsOpen || function.Generation != generation)
        {
            return RefusalCode.LinkDown;
        }

        if (function.Answer == HostAnswer.Refused)
        {
            function.Close(FunctionState.Idle);
            return RefusalCode.HostRefused;
        }

        if (function.Answer == HostAnswer.Plugged)
        {
            steps.Add(BridgeStepName.Plugged);
        }

        return "";
    }

    private static PresentMessage Present(IoFunction function, ulong generation)
    {
        var shown = function.Real.Description;
        return new PresentMessage(function.Number, generation, function.Name, shown.VendorId, shown.DeviceId, shown.ClassCode, shown.RevisionId);
    }
}
