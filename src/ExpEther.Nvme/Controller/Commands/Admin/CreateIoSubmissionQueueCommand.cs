using ExpEther.Nvme.Protocol;

namespace ExpEther.Nvme.Controller.Commands.Admin;

/// <summary>Create I/O Submission Queue (NVMe 1.4 §5.4). Round robin is the only arbitration, so the priority is ignored.</summary>
internal sealed class CreateIoSubmissionQueueCommand : INvmeCommand
{
    private const int EntrySizeLog2 = 6;

    public CommandEffects Effects => CommandEffects.Supported;

    public void Run(CommandEngine engine, ref CommandSlot slot)
    {
        var entry = engine.Parts.Commands.Entry(slot.Index);
        var id = (int)(entry.Dw10 & 0xFFFF);
        var entries = (int)(entry.Dw10 >> 16) + 1;
        var isContiguous = (entry.Dw11 & 1) != 0;
        var completion = (int)(entry.Dw11 >> 16);
        var queues = engine.Parts.Queues;
        if (id == 0 || id > queues.Pairs || queues.Submission(id).Exists)
        {
            engine.Finish(ref slot, NvmeStatus.InvalidQueueIdentifier, QueueFields.Id);
        }
        else if (completion == 0 || completion > queues.Pairs)
        {
            engine.Finish(ref slot, NvmeStatus.InvalidQueueIdentifier, QueueFields.CompletionQueue);
        }
        else if (!queues.Completion(completion).Exists)
        {
            engine.Finish(ref slot, NvmeStatus.CompletionQueueInvalid, QueueFields.CompletionQueue);
        }
        else if (entries < 2 || entries > engine.Parts.Options.QueueEntriesMax || engine.Parts.EntrySizes.Submission != EntrySizeLog2)
        {
            engine.Finish(ref slot, NvmeStatus.InvalidQueueSize, QueueFields.Size);
        }
        else if (!isContiguous)
        {
            engine.Finish(ref slot, NvmeStatus.InvalidField, QueueFields.Flags);
        }
        else if ((entry.Prp1 & (uint)(engine.Parts.Prps.PageBytes - 1)) != 0)
        {
            engine.Finish(ref slot, NvmeStatus.PrpOffsetInvalid, QueueFields.Prp1);
        }
        else
        {
            queues.Submission(id).Create(entry.Prp1, entries, completion);
            queues.Completion(completion).Users++;
            engine.Finish(ref slot, NvmeStatus.Success);
        }
    }
}
