using ExpEther.Nvme.Backends;
using ExpEther.Nvme.Controller.Dma;
using ExpEther.Nvme.Protocol;

namespace ExpEther.Nvme.Controller.Commands.Io;

/// <summary>Compare (NVMe 1.4 §6.6). One buffer holds both: the host's data in front, what the backend has on the pages behind it.</summary>
internal sealed class CompareCommand : BlockCommand
{
    private const int HasBuffer = 1;
    private const int HasData = 2;
    private const int CacheWritten = 3;
    private const int HasBoth = 4;

    public override CommandEffects Effects => CommandEffects.Supported;

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
            case HasData when engine.Parts.Commands.Entry(slot.Index).ForceUnitAccess:
                slot.Stage = CacheWritten;
                engine.SubmitToBackend(ref slot, Target(engine, slot), BlockOperation.Flush, 0, 0);
                break;
            case HasData or CacheWritten:
                slot.Stage = HasBoth;
                engine.SubmitToBackend(
                    ref slot, Target(engine, slot), BlockOperation.Read, slot.TargetOffset, slot.DataBytes, SecondAt(slot.DataBytes));
                break;
            case HasBoth:
                End(engine, ref slot);
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
        var status = engine.StartTransfer(ref slot, (int)bytes, SecondAt((int)bytes) + (int)bytes);
        if (!status.IsSuccess)
        {
            engine.Finish(ref slot, status);
        }
    }

    private static void End(CommandEngine engine, ref CommandSlot slot)
    {
        // Figure 194: Compare counts among the reads.
        engine.Parts.Counters.ReadCommands++;
        engine.Parts.Counters.BytesRead += slot.DataBytes;
        var equal = engine.Data(slot).CommonPrefixLength(engine.Parts.Pool.Span(slot.Buffer + SecondAt(slot.DataBytes), slot.DataBytes));
        if (equal == slot.DataBytes)
        {
            engine.Finish(ref slot, NvmeStatus.Success);
            return;
        }

        slot.ErrorLba += (ulong)(equal >> Target(engine, slot).BlockShift);
        engine.Finish(ref slot, NvmeStatus.CompareFailure);
    }

    // A backend reads to a page's start.
    private static int SecondAt(int bytes) => (bytes + BufferPool.PageBytes - 1) & -BufferPool.PageBytes;
}
