using ExpEther.Nvme.Backends;
using ExpEther.Nvme.Protocol;

namespace ExpEther.Nvme.Controller.Commands.Io;

/// <summary>
/// Dataset Management (NVMe 1.4 §6.7). Up to 256 ranges come from host memory. All are checked before any is worked on; then those to be
/// deallocated go to the backend one after the other, in pieces. The attributes that only tell how data will be used change nothing.
/// </summary>
internal sealed class DatasetManagementCommand : BlockCommand
{
    private const int HasBuffer = 1;
    private const int HasRanges = 2;
    private const int IsDeallocating = 3;
    private const int IsDurable = 4;
    private const uint Deallocate = 1 << 2;

    public override CommandEffects Effects => CommandEffects.Supported | CommandEffects.LogicalBlockContentChange;

    public override void Run(CommandEngine engine, ref CommandSlot slot)
    {
        switch (slot.Stage)
        {
            case 0:
                Begin(engine, ref slot);
                break;
            case HasBuffer when !slot.PrpPending:
                slot.Stage = HasRanges;
                engine.ReadHostData(ref slot);
                break;
            case HasRanges:
                CheckRanges(engine, ref slot);
                break;
            case IsDeallocating:
                DeallocateNext(engine, ref slot);
                break;
            case IsDurable:
                End(engine, ref slot);
                break;
        }
    }

    private static void Begin(CommandEngine engine, ref CommandSlot slot)
    {
        // DW10 and DW11 hold no address here.
        slot.ErrorLba = 0;
        if (engine.Parts.Backends.Find(slot.NamespaceId) is not { } target)
        {
            engine.Finish(ref slot, NvmeStatus.InvalidNamespaceOrFormat, NamespaceLocation);
        }
        else if (IsDeallocation(engine, slot) && target.IsReadOnly)
        {
            engine.Finish(ref slot, NvmeStatus.NamespaceIsWriteProtected, NamespaceLocation);
        }
        else
        {
            slot.Stage = HasBuffer;
            var status = engine.StartTransfer(ref slot, engine.Parts.Commands.Entry(slot.Index).RangeCount * DatasetRange.Bytes);
            if (!status.IsSuccess)
            {
                engine.Finish(ref slot, status);
            }
        }
    }

    private static void CheckRanges(CommandEngine engine, ref CommandSlot slot)
    {
        var blocks = Target(engine, slot).Blocks;
        for (var i = 0; i < RangeCount(slot); i++)
        {
            var range = RangeAt(engine, slot, i);
            if (range.StartingLba > blocks || range.Blocks > blocks - range.StartingLba)
            {
                slot.ErrorLba = range.StartingLba;
                engine.Finish(ref slot, NvmeStatus.LbaOutOfRange);
                return;
            }
        }

        if (!IsDeallocation(engine, slot))
        {
            End(engine, ref slot);
            return;
        }

        slot.Stage = IsDeallocating;
        DeallocateNext(engine, ref slot);
    }

    private static void DeallocateNext(CommandEngine engine, ref CommandSlot slot)
    {
        var target = Target(engine, slot);
        for (; slot.Range < RangeCount(slot); slot.Range++, slot.RangeDone = 0)
        {
            var range = RangeAt(engine, slot, slot.Range);
            var left = ((long)range.Blocks << target.BlockShift) - slot.RangeDone;
            if (left > 0)
            {
                var at = ((long)range.StartingLba << target.BlockShift) + slot.RangeDone;
                var piece = (int)Math.Min(left, ControllerLimits.DeallocateBytesPerRequest);
                slot.ErrorLba = (ulong)(at >> target.BlockShift);
                slot.RangeDone += piece;
                engine.SubmitToBackend(ref slot, target, BlockOperation.Deallocate, at, piece);
                return;
            }
        }

        if (engine.Parts.Features.IsWriteCacheEnabled)
        {
            End(engine, ref slot);
            return;
        }

        slot.Stage = IsDurable;
        engine.SubmitToBackend(ref slot, target, BlockOperation.Flush, 0, 0);
    }

    private static void End(CommandEngine engine, ref CommandSlot slot)
    {
        engine.Parts.Counters.OtherIoCommands++;
        engine.Finish(ref slot, NvmeStatus.Success);
    }

    private static bool IsDeallocation(CommandEngine engine, in CommandSlot slot) =>
        (engine.Parts.Commands.Entry(slot.Index).Dw11 & Deallocate) != 0;

    private static int RangeCount(in CommandSlot slot) => slot.DataBytes / DatasetRange.Bytes;

    private static DatasetRange RangeAt(CommandEngine engine, in CommandSlot slot, int index) =>
        DatasetRange.Read(engine.Data(slot)[(index * DatasetRange.Bytes)..]);
}
