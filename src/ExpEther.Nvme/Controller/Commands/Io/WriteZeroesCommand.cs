using ExpEther.Nvme.Backends;
using ExpEther.Nvme.Protocol;

namespace ExpEther.Nvme.Controller.Commands.Io;

/// <summary>Write Zeroes (NVMe 1.4 §6.16): no data, so the transfer limit does not apply.</summary>
internal sealed class WriteZeroesCommand : BlockCommand
{
    private const int IsWritten = 1;
    private const int IsDurable = 2;

    public override CommandEffects Effects => CommandEffects.Supported | CommandEffects.LogicalBlockContentChange;

    public override void Run(CommandEngine engine, ref CommandSlot slot)
    {
        switch (slot.Stage)
        {
            case 0:
                if (TryBegin(engine, ref slot, writes: true, transfers: false, out var target, out var offset, out var bytes))
                {
                    slot.Stage = IsWritten;
                    engine.SubmitToBackend(ref slot, target, BlockOperation.WriteZeroes, offset, (int)bytes);
                }

                break;
            case IsWritten when MustBeDurable(engine, slot):
                slot.Stage = IsDurable;
                engine.SubmitToBackend(ref slot, Target(engine, slot), BlockOperation.Flush, 0, 0);
                break;
            default:
                engine.Parts.Counters.OtherIoCommands++;
                engine.Finish(ref slot, NvmeStatus.Success);
                break;
        }
    }
}
