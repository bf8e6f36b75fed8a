using ExpEther.Nvme.Backends;
using ExpEther.Nvme.Protocol;

namespace ExpEther.Nvme.Controller.Commands.Io;

/// <summary>Flush (NVMe 1.4 §6.8) of one namespace, or of all in turn: then the stage is one above the NSID being flushed.</summary>
internal sealed class FlushCommand : INvmeCommand
{
    private const ushort NamespaceLocation = 4;

    public CommandEffects Effects => CommandEffects.Supported;

    public void Run(CommandEngine engine, ref CommandSlot slot)
    {
        var all = slot.NamespaceId == NvmeSizes.BroadcastNamespace;
        var target = all ? engine.Parts.Backends.FindFrom((uint)slot.Stage) : engine.Parts.Backends.Find(slot.NamespaceId);
        if (target is null && !all)
        {
            engine.Finish(ref slot, NvmeStatus.InvalidNamespaceOrFormat, NamespaceLocation);
            return;
        }

        if (target is null || (slot.Stage > 0 && !all))
        {
            engine.Parts.Counters.OtherIoCommands++;
            engine.Finish(ref slot, NvmeStatus.Success);
            return;
        }

        slot.Stage = (int)target.Id + 1;
        engine.SubmitToBackend(ref slot, target, BlockOperation.Flush, 0, 0);
    }
}
