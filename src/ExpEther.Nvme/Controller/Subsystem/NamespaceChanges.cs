using ExpEther.Nvme.Controller.Commands;
using ExpEther.Nvme.Protocol;

namespace ExpEther.Nvme.Controller.Subsystem;

/// <summary>
/// Changes of namespaces, one after the other in the order of their commands, so that none sees another half done. A reset of the controller
/// that asked ends the command, not the change: what was begun is brought to its end.
/// </summary>
internal sealed class NamespaceChanges(NvmSubsystem subsystem)
{
    private readonly Queue<(NamespaceChange Change, CommandEngine? By, int Slot)> _waiting = new();

    /// <summary>The command waits until the change is over; then it runs again, with the change's status and result.</summary>
    public NvmeStatus Start(NamespaceChange change, CommandEngine by, ref CommandSlot slot)
    {
        if (_waiting.Count == ControllerLimits.NamespaceChangesMax)
        {
            return NvmeStatus.InternalError;
        }

        slot.Pending++;
        slot.CannotBeAborted = true;
        _waiting.Enqueue((change, by, slot.Index));
        return NvmeStatus.Success;
    }

    /// <summary>As <see cref="Start"/>, without a command.</summary>
    /// <returns>False: too many changes wait.</returns>
    public bool TryStart(NamespaceChange change)
    {
        if (_waiting.Count == ControllerLimits.NamespaceChangesMax)
        {
            return false;
        }

        _waiting.Enqueue((change, null, 0));
        return true;
    }

    /// <summary>Goes on with the first change, and with those behind it when it is over.</summary>
    /// <returns>True when one ended, or began something in the pool.</returns>
    public bool Step()
    {
        var any = false;
        var before = subsystem.Pool?.State;
        while (subsystem.IsReady && _waiting.TryPeek(out var first) && first.Change.Step(subsystem))
        {
            // Who asked may have been reset in this very step.
            var (change, by, slot) = _waiting.Dequeue();
            by?.Resume(slot, change.Status, change.Result);
            any = true;
        }

        return any || subsystem.Pool?.State != before;
    }

    /// <summary>The controller's commands are gone.</summary>
    public void Forget(CommandEngine controller)
    {
        for (var left = _waiting.Count; left > 0; left--)
        {
            var each = _waiting.Dequeue();
            _waiting.Enqueue(each.By == controller ? (each.Change, null, each.Slot) : each);
        }
    }
}
