using ExpEther.Nvme.Backends;
using ExpEther.Nvme.Protocol;

namespace ExpEther.Nvme.Controller.Commands.Io;

/// <summary>
/// Write Zeroes (NVMe 1.4 §6.17), by deallocation where the host allows that and it gives zeroes. There is no data, so the transfer limit
/// does not apply. Up to 65536 blocks go to the backend in pieces, so that no single request holds up what waits behind it.
/// </summary>
internal sealed class WriteZeroesCommand : BlockCommand
{
    private const int IsWriting = 1;
    private const int IsDurable = 2;

    public override CommandEffects Effects => CommandEffects.Supported | CommandEffects.LogicalBlockContentChange;

    public override void Run(CommandEngine engine, ref CommandSlot slot)
    {
        switch (slot.Stage)
        {
            case 0:
                if (TryBegin(engine, ref slot, writes: true, transfers: false, out _, out var offset, out var bytes))
                {
                    slot.Stage = IsWriting;
                    slot.TargetOffset = offset;
                    slot.DataBytes = (int)bytes;
                    WriteNext(engine, ref slot);
                }

                break;
            case IsWriting when slot.DataIssued < slot.DataBytes:
                WriteNext(engine, ref slot);
                break;
            case IsWriting when MustBeDurable(engine, slot):
                slot.Stage = IsDurable;
                engine.SubmitToBackend(ref slot, Target(engine, slot), BlockOperation.Flush, 0, 0);
                break;
            default:
                engine.Parts.Counters.OtherIoCommands++;
                engine.Finish(ref slot, NvmeStatus.Success);
                break;
        }
    }

    private static void WriteNext(CommandEngine engine, ref CommandSlot slot)
    {
        var at = slot.TargetOffset + slot.DataIssued;
        var bytes = Math.Min(slot.DataBytes - slot.DataIssued, ControllerLimits.ZeroBytesPerRequest);
        slot.DataIssued += bytes;
        var target = Target(engine, slot);
        var operation = engine.Parts.Commands.Entry(slot.Index).MayDeallocate && target.Backend.DeallocatedReadsZeroes
            ? BlockOperation.Deallocate
            : BlockOperation.WriteZeroes;
        engine.SubmitToBackend(ref slot, target, operation, at, bytes);
    }
}
