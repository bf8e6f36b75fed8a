using ExpEther.Nvme.Protocol;

namespace ExpEther.Nvme.Controller.Commands.Admin;

/// <summary>Create I/O Completion Queue (NVMe 1.4 §5.3).</summary>
internal sealed class CreateIoCompletionQueueCommand : INvmeCommand
{
    private const int EntrySizeLog2 = 4;

    public CommandEffects Effects => CommandEffects.Supported;

    public void Run(CommandEngine engine, ref CommandSlot slot)
    {
        var entry = engine.Parts.Commands.Entry(slot.Index);
        var id = (int)(entry.Dw10 & 0xFFFF);
        var entries = (int)(entry.Dw10 >> 16) + 1;
        var isContiguous = (entry.Dw11 & 1) != 0;
        var interrupts = (entry.Dw11 & 2) != 0;
        var vector = (int)(entry.Dw11 >> 16);
        var queues = engine.Parts.Queues;
        if (id == 0 || id > queues.Pairs || queues.Completion(id).Exists)
        {
            engine.Finish(ref slot, NvmeStatus.InvalidQueueIdentifier, QueueFields.Id);
        }
        else if (entries < 2 || entries > engine.Parts.Options.QueueEntriesMax || engine.Parts.EntrySizes.Completion != EntrySizeLog2)
        {
            engine.Finish(ref slot, NvmeStatus.InvalidQueueSize, QueueFields.Size);
        }
        else if (!isContiguous)
        {
            engine.Finish(ref slot, NvmeStatus.InvalidField, QueueFields.Flags);
        }
        else if (vector >= engine.Parts.Features.Vectors)
        {
            engine.Finish(ref slot, NvmeStatus.InvalidInterruptVector, QueueFields.Vector);
        }
        else if ((entry.Prp1 & (uint)(engine.Parts.Prps.PageBytes - 1)) != 0)
        {
            engine.Finish(ref slot, NvmeStatus.PrpOffsetInvalid, QueueFields.Prp1);
        }
        else
        {
            queues.Completion(id).Create(entry.Prp1, entries, vector, interrupts);
            engine.Finish(ref slot, NvmeStatus.Success);
        }
    }
}
