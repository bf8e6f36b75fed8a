using ExpEther.Nvme.Backends;
using ExpEther.Nvme.Protocol;

namespace ExpEther.Nvme.Controller.Commands.Io;

/// <summary>Verify (NVMe 1.4 §6.14): reads the blocks, as many at a time as a transfer may have, and keeps nothing of them.</summary>
internal sealed class VerifyCommand : BlockCommand
{
    private const int HasBuffer = 1;
    private const int IsReading = 2;

    public override CommandEffects Effects => CommandEffects.Supported;

    public override void Run(CommandEngine engine, ref CommandSlot slot)
    {
        switch (slot.Stage)
        {
            case 0:
                if (TryBegin(engine, ref slot, writes: false, transfers: false, out _, out var offset, out var bytes))
                {
                    slot.TargetOffset = offset;
                    slot.DataBytes = (int)bytes;
                    slot.Stage = HasBuffer;
                    engine.AwaitBuffer(ref slot, Math.Min(slot.DataBytes, engine.Parts.Options.MaxDataTransferBytes));
                }

                break;
            case HasBuffer when engine.Parts.Commands.Entry(slot.Index).ForceUnitAccess:
                slot.Stage = IsReading;
                engine.SubmitToBackend(ref slot, Target(engine, slot), BlockOperation.Flush, 0, 0);
                break;
            case HasBuffer or IsReading when slot.DataIssued < slot.DataBytes:
                slot.Stage = IsReading;
                var at = slot.TargetOffset + slot.DataIssued;
                var piece = Math.Min(slot.DataBytes - slot.DataIssued, slot.BufferBytes);
                slot.DataIssued += piece;
                engine.SubmitToBackend(ref slot, Target(engine, slot), BlockOperation.Read, at, piece);
                break;
            default:
                engine.Parts.Counters.OtherIoCommands++;
                engine.Finish(ref slot, NvmeStatus.Success);
                break;
        }
    }
}
