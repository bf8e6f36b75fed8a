using ExpEther.Nvme.Backends;
using ExpEther.Nvme.Protocol;

namespace ExpEther.Nvme.Controller.Commands.Io;

/// <summary>Flush (NVMe 1.4 §6.8) of one namespace, or of all in turn: then the stage is the NSID being flushed.</summary>
internal sealed class FlushCommand : INvmeCommand
{
    private const ushort NamespaceLocation = 4;

    public CommandEffects Effects => CommandEffects.Supported;

    public void Run(CommandEngine engine, ref CommandSlot slot)
    {
        var all = slot.NamespaceId == NvmeSizes.BroadcastNamespace;
        if (slot.Stage > 0 && (!all || slot.Stage == engine.Parts.Backends.Count))
        {
            engine.Parts.Counters.OtherIoCommands++;
            engine.Finish(ref slot, NvmeStatus.Success);
            return;
        }

        slot.Stage++;
        var target = engine.Parts.Backends.Find(all ? (uint)slot.Stage : slot.NamespaceId);
        if (target is null)
        {
            engine.Finish(ref slot, NvmeStatus.InvalidNamespaceOrFormat, NamespaceLocation);
            return;
        }

        engine.SubmitToBackend(ref slot, target, BlockOperation.Flush, 0, 0);
    }
}
