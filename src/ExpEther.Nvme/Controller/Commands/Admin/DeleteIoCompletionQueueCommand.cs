using ExpEther.Nvme.Protocol;

namespace ExpEther.Nvme.Controller.Commands.Admin;

/// <summary>Delete I/O Completion Queue (NVMe 1.4 §5.5): only after its submission queues.</summary>
internal sealed class DeleteIoCompletionQueueCommand : INvmeCommand
{
    public CommandEffects Effects => CommandEffects.Supported;

    public void Run(CommandEngine engine, ref CommandSlot slot)
    {
        var queues = engine.Parts.Queues;
        var id = (int)(engine.Parts.Commands.Entry(slot.Index).Dw10 & 0xFFFF);
        if (id == 0 || id > queues.Pairs || !queues.Completion(id).Exists)
        {
            engine.Finish(ref slot, NvmeStatus.InvalidQueueIdentifier, QueueFields.Id);
        }
        else if (queues.Completion(id).Users > 0)
        {
            engine.Finish(ref slot, NvmeStatus.InvalidQueueDeletion, QueueFields.Id);
        }
        else
        {
            queues.Completion(id).Delete();
            engine.Finish(ref slot, NvmeStatus.Success);
        }
    }
}
