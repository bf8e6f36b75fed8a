using ExpEther.Nvme.Controller.Commands;
using ExpEther.Nvme.Protocol;

namespace ExpEther.Nvme.Controller.Queues;

/// <summary>
/// Doorbell writes (NVMe 1.4 §3.1.24, §3.1.25): tails of submission queues, heads of completion queues. One for a queue that is not there, or
/// with a value that cannot be, is refused as §5.2.1 says: an error log entry and an event.
/// </summary>
internal sealed class Doorbells(ControllerParts parts, CommandEngine engine)
{
    /// <param name="index">Which doorbell: two for each queue pair, the submission queue's first.</param>
    /// <param name="value">As written.</param>
    public void Ring(int index, uint value)
    {
        var id = index / 2;
        var isHead = (index & 1) != 0;
        if (id > parts.Queues.Pairs || !(isHead ? parts.Queues.Completion(id).Exists : parts.Queues.Submission(id).Exists))
        {
            Refuse(id, NvmeStatus.InvalidQueueIdentifier, AsyncEvent.InvalidDoorbellRegister);
        }
        else if (!(isHead ? TryMoveHead(id, value) : TryMoveTail(id, value)))
        {
            Refuse(id, NvmeStatus.InvalidField, AsyncEvent.InvalidDoorbellValue);
        }
    }

    private bool TryMoveHead(int id, uint value)
    {
        var queue = parts.Queues.Completion(id);
        if (!queue.TryMoveHead(value))
        {
            return false;
        }

        parts.Egress.OnRoom(queue);
        return true;
    }

    private bool TryMoveTail(int id, uint value)
    {
        var queue = parts.Queues.Submission(id);
        if (!queue.TryMoveTail(value))
        {
            return false;
        }

        parts.Queues.UpdateReady(queue);
        return true;
    }

    private void Refuse(int queue, NvmeStatus status, AsyncEvent happened)
    {
        parts.Counters.InvalidDoorbells++;
        parts.Errors.Add((ushort)queue, ErrorInformationEntry.None, status, ErrorInformationEntry.None, 0, 0);
        parts.Events.Raise(happened, engine);
    }
}
