using ExpEther.Nvme.Backends;
using ExpEther.Nvme.Protocol;

namespace ExpEther.Nvme.Controller.Commands.Io;

/// <summary>Read (NVMe 1.4 §6.9). The backend reads while the PRP list is still being fetched.</summary>
internal sealed class ReadCommand : BlockCommand
{
    private const int HasBuffer = 1;
    private const int CacheWritten = 2;
    private const int HasData = 3;

    public override CommandEffects Effects => CommandEffects.Supported;

    public override void Run(CommandEngine engine, ref CommandSlot slot)
    {
        switch (slot.Stage)
        {
            case 0:
                Begin(engine, ref slot);
                break;
            case HasBuffer when engine.Parts.Commands.Entry(slot.Index).ForceUnitAccess:
                // §6.9: with FUA the data comes from the non-volatile media, so what a cache holds is written there first.
                slot.Stage = CacheWritten;
                engine.SubmitToBackend(ref slot, Target(engine, slot), BlockOperation.Flush, 0, 0);
                break;
            case HasBuffer or CacheWritten:
                slot.Stage = HasData;
                engine.SubmitToBackend(ref slot, Target(engine, slot), BlockOperation.Read, slot.TargetOffset, slot.DataBytes);
                break;
            case HasData when !slot.PrpPending:
                engine.Parts.Counters.ReadCommands++;
                engine.Parts.Counters.BytesRead += slot.DataBytes;
                engine.Finish(ref slot, NvmeStatus.Success, withData: true);
                break;
        }
    }

    private static void Begin(CommandEngine engine, ref CommandSlot slot)
    {
        if (!TryBegin(engine, ref slot, writes: false, transfers: true, out _, out var offset, out var bytes))
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
