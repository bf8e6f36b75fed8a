using ExpEther.Core.Time;
using ExpEther.Nvme.Controller.Commands;
using ExpEther.Nvme.Protocol;

namespace ExpEther.Nvme.Controller.Dma;

/// <summary>
/// Brings the data of write commands from host memory into their buffers. Commands take turns, one read each, so that a small one does
/// not wait for a large one.
/// </summary>
internal sealed class DataReads(CommandTable commands, PrpWalker prps)
{
    private readonly SlotRing _turns = new(ControllerLimits.CommandsMax);

    public void Reset() => _turns.Clear();

    public void Start(ref CommandSlot slot)
    {
        slot.DataIssued = 0;
        slot.IsReadingData = true;
        slot.Pending++;
        _turns.Push(slot.Index);
    }

    /// <summary>Makes the next read. A command that failed meanwhile leaves here; <paramref name="ended"/> is it, or -1.</summary>
    public bool TryIssue(DmaReader reader, Instant now, Span<byte> into, out int length, out int ended)
    {
        length = 0;
        ended = -1;
        if (_turns.Count == 0)
        {
            return false;
        }

        ref var slot = ref commands[_turns.Peek()];
        if (!slot.Status.IsSuccess)
        {
            _turns.Pop();
            slot.IsReadingData = false;
            if (slot.DataReadsInFlight == 0)
            {
                slot.Pending--;
                ended = slot.Index;
            }

            return false;
        }

        if (reader.FreeTags <= ControllerLimits.TagsKeptFromData)
        {
            return false;
        }

        _turns.Pop();
        var address = prps.AddressOf(slot, slot.DataIssued, out var contiguous);
        var bytes = Math.Min(Math.Min(contiguous, reader.RoomAt(address)), slot.DataBytes - slot.DataIssued);
        length = reader.Issue(DmaPurpose.Data, slot.Index, slot.DataIssued, address, bytes, now, into);
        slot.DataIssued += bytes;
        slot.DataReadsInFlight++;
        if (slot.DataIssued < slot.DataBytes)
        {
            _turns.Push(slot.Index);
        }
        else
        {
            slot.IsReadingData = false;
        }

        return true;
    }

    /// <returns>True when the command waits for no more data.</returns>
    public static bool OnReadEnded(ref CommandSlot slot, bool ok)
    {
        slot.DataReadsInFlight--;
        if (!ok && slot.Status.IsSuccess)
        {
            slot.Status = NvmeStatus.DataTransferError;
        }

        if (slot.DataReadsInFlight > 0 || slot.IsReadingData)
        {
            return false;
        }

        slot.Pending--;
        return true;
    }
}
