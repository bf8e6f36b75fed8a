using ExpEther.Bridge.Io.Functions;
using ExpEther.Bridge.Protocol;
using ExpEther.Core.Scheduling;

namespace ExpEther.Bridge.Io.Sequences;

/// <summary>
/// Takes a function from its owner: the attention button is pressed, the host's operating system lets go and powers the slot off. A host
/// that does not within the release timeout, or may not be asked (force), is fenced: nothing passes any more and its slot is emptied.
/// Then DMA is stopped, what is outstanding drains, and the function is reset. Ownership is not changed here.
/// </summary>
internal sealed class ReleaseSequence(FunctionReset reset, OwnerSignal changed, IEventSink events, TimeSpan timeout)
{
    private readonly byte[] _message = new byte[ControlHeader.Bytes];

    /// <summary>How long a host that is asked from now on has to let go.</summary>
    public TimeSpan Timeout { get; set; } = timeout;

    /// <returns>Empty on success; else a <see cref="RefusalCode"/>.</returns>
    public async Task<string> RunAsync(IoFunction function, bool force, StepLog steps)
    {
        Check.That(function.Busy is not null);
        if (function.IsOpen && !force && function.Answer != HostAnswer.PoweredOff)
        {
            await AskAsync(function, steps);
        }

        if (function.IsOpen)
        {
            if (function.Answer == HostAnswer.PoweredOff)
            {
                function.Close(FunctionState.Fenced);
            }
            else
            {
                Fence(function);
                steps.Add(BridgeStepName.Fenced);
            }
        }

        if (!function.IsClean && !await reset.ResetAsync(function, steps))
        {
            return RefusalCode.DeviceFailed;
        }

        function.State = FunctionState.Idle;
        return "";
    }

    /// <summary>Cuts an open function off from its owner at once, and says so.</summary>
    public void Fence(IoFunction function)
    {
        var session = function.Session!;
        function.Counters.Fenced++;
        session.Tell(_message.AsSpan(0, new WithdrawMessage(function.Number, function.Generation).Write(_message)));
        events.Report(EventSeverity.Warning, function.Name, $"fenced: taken from host {session.Name}, which had not let go");
        function.Close(FunctionState.Fenced);
    }

    private async Task AskAsync(IoFunction function, StepLog steps)
    {
        var generation = function.Generation;
        function.State = FunctionState.Releasing;
        function.Session!.Tell(_message.AsSpan(0, new PressAttentionMessage(function.Number, generation).Write(_message)));
        steps.Add(BridgeStepName.AttentionPressed);
        await changed.WaitUntil(
            () => function.Answer == HostAnswer.PoweredOff || !function.IsOpen || function.Hurry, Timeout);
        if (function.IsOpen && function.Answer == HostAnswer.PoweredOff)
        {
            steps.Add(BridgeStepName.PoweredOff);
        }
    }
}
