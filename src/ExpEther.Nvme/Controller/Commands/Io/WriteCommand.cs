using ExpEther.Nvme.Backends;
using ExpEther.Nvme.Protocol;

namespace ExpEther.Nvme.Controller.Commands.Io;

/// <summary>Write (NVMe 1.4 §6.15).</summary>
internal sealed class WriteCommand : BlockCommand
{
    private const int HasBuffer = 1;
    private const int HasData = 2;
    private const int IsWritten = 3;
    private const int IsDurable = 4;

    public override CommandEffects Effects => CommandEffects.Supported | CommandEffects.LogicalBlockContentChange;

    public override void Run(CommandEngine engine, ref CommandSlot slot)
    {
        switch (slot.Stage)
        {
            case 0:
                Begin(engine, ref slot);
                break;
            case HasBuffer when !slot.PrpPending:
                slot.Stage = HasData;
                engine.ReadHostData(ref slot);
                break;
            case HasData:
                slot.Stage = IsWritten;
                engine.SubmitToBackend(ref slot, Target(engine, slot), BlockOperation.Write, slot.TargetOffset, slot.DataBytes);
                break;
            case IsWritten when MustBeDurable(engine, slot):
                slot.Stage = IsDurable;
                engine.SubmitToBackend(ref slot, Target(engine, slot), BlockOperation.Flush, 0, 0);
                break;
            case IsWritten or IsDurable:
                engine.Parts.Counters.WriteCommands++;
                engine.Parts.Counters.BytesWritten += slot.DataBytes;
                engine.Finish(ref slot, NvmeStatus.Success);
                break;
        }
    }

    private static void Begin(CommandEngine engine, ref CommandSlot slot)
    {
        if (!TryBegin(engine, ref slot, writes: true, transfers: true, out _, out var offset, out var bytes))
        {
            return;
        }

        slot.TargetOffset = offset;
        slot.Stage = HasBuffer;
        var status = engine.StartTransfer(ref slot, (int)bytes);
        if (!status.IsSuccess)
        {
            engine.Finish(ref slot, status);
        }
    }
}
