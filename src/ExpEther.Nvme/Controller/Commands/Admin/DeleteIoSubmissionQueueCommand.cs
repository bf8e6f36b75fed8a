using ExpEther.Nvme.Protocol;

namespace ExpEther.Nvme.Controller.Commands.Admin;

/// <summary>
/// Delete I/O Submission Queue (NVMe 1.4 §5.6). Commands still in host memory are forgotten; those in the controller run to their end, and
/// then this command ends.
/// </summary>
internal sealed class DeleteIoSubmissionQueueCommand : INvmeCommand
{
    private const int IsDrained = 1;

    public CommandEffects Effects => CommandEffects.Supported;

    public void Run(CommandEngine engine, ref CommandSlot slot)
    {
        var parts = engine.Parts;
        var id = (int)(parts.Commands.Entry(slot.Index).Dw10 & 0xFFFF);
        if (slot.Stage == IsDrained)
        {
            var drained = parts.Queues.Submission(id);
            parts.Queues.Completion(drained.CompletionQueueId).Users--;
            drained.Delete();
            engine.Finish(ref slot, NvmeStatus.Success);
            return;
        }

        if (id == 0 || id > parts.Queues.Pairs || !parts.Queues.Submission(id).Exists || parts.Queues.Submission(id).IsDeleting)
        {
            engine.Finish(ref slot, NvmeStatus.InvalidQueueIdentifier, QueueFields.Id);
            return;
        }

        var queue = parts.Queues.Submission(id);
        queue.IsDeleting = true;
        slot.CannotBeAborted = true;
        slot.Stage = IsDrained;
        parts.Fetcher.Abandon(queue, parts.Reader);
        parts.Queues.UpdateReady(queue);
        if (queue.InFlight > 0)
        {
            slot.Pending++;
            queue.Deleter = slot.Index;
        }

        // Entries that wait for room in the completion queue are dropped now.
        parts.Egress.OnRoom(parts.Queues.Completion(queue.CompletionQueueId));
        engine.Wake(ref slot);
    }
}
