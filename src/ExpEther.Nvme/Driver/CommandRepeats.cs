namespace ExpEther.Nvme.Driver;

/// <summary>
/// I/O commands that a failed controller never ended. Once it is back they are sent again, as other drivers do: whether the first sending had
/// an effect does not matter to a read, a write or a flush. A command that outlives several controllers ends as failed.
/// </summary>
internal sealed class CommandRepeats
{
    private readonly Queue<UnfinishedCommand> _waiting = new();

    public int Count => _waiting.Count;

    public void Add(IEnumerable<UnfinishedCommand> commands)
    {
        foreach (var command in commands)
        {
            _waiting.Enqueue(command);
        }
    }

    public void EndAll(NvmeOutcome outcome)
    {
        while (_waiting.TryDequeue(out var command))
        {
            command.Done(NvmeResult.Failed(outcome), command.State);
        }
    }

    /// <summary>Sends what there is room for.</summary>
    /// <param name="refusalOf">Why a command is not possible any more; null: it is.</param>
    /// <param name="trySend">False: no room.</param>
    /// <returns>False: some wait for room.</returns>
    public bool TrySendAll(Func<UnfinishedCommand, NvmeOutcome?> refusalOf, Func<UnfinishedCommand, bool> trySend)
    {
        while (_waiting.TryPeek(out var command))
        {
            if ((command.Repeats >= NvmeDriverLimits.RepeatsMax ? NvmeOutcome.ControllerFailed : refusalOf(command)) is { } refusal)
            {
                _waiting.Dequeue();
                command.Done(NvmeResult.Failed(refusal), command.State);
            }
            else if (trySend(command))
            {
                _waiting.Dequeue();
            }
            else
            {
                return false;
            }
        }

        return true;
    }
}
