using ExpEther.Nvme.Protocol;

namespace ExpEther.Nvme.Controller.Commands.Admin;

/// <summary>Abort (NVMe 1.4 §5.1). It ends at once: bit 0 of the result is 0 when the other command is aborted.</summary>
internal sealed class AbortCommand : INvmeCommand
{
    public CommandEffects Effects => CommandEffects.Supported;

    public void Run(CommandEngine engine, ref CommandSlot slot)
    {
        var what = engine.Parts.Commands.Entry(slot.Index).Dw10;
        var queue = (int)(what & 0xFFFF);
        var commandId = (ushort)(what >> 16);
        var self = queue == slot.SqId && commandId == slot.CommandId;
        slot.Result = !self && engine.TryAbort(queue, commandId) ? 0u : 1u;
        engine.Finish(ref slot, NvmeStatus.Success);
    }
}
