using System.Buffers.Binary;
using ExpEther.Core.Time;
using ExpEther.Nvme.Controller.Commands;
using ExpEther.Nvme.Protocol;

namespace ExpEther.Nvme.Controller.Dma;

/// <summary>
/// Resolves a command's PRP entries (NVMe 1.4 §4.3).
/// <para>
/// Theory: PRP1 may start anywhere in its page, DW aligned. If the rest fits in one more page, PRP2 is that page; else PRP2 points to a list,
/// QW aligned, of which only the entries needed are read. The last entry of a list page is a pointer to the next list page when
/// more entries are needed than the page still has, and a data page when not. All entries but PRP1 and the first list pointer have offset 0.
/// One read per command is under way at a time; with the common 4 KiB pages and up to 256 KiB per command there is only one.
/// </para>
/// </summary>
internal sealed class PrpWalker(CommandTable commands, int maxDataTransferBytes)
{
    // One more page than the data has when it starts inside a page.
    private readonly int _stride = (maxDataTransferBytes / NvmeSizes.PageBytesMin) + 1;
    private readonly byte[] _entries =
        new byte[ControllerLimits.CommandsMax * ((maxDataTransferBytes / NvmeSizes.PageBytesMin) + 1) * NvmeSizes.PrpEntryBytes];
    private readonly SlotRing _waiting = new(ControllerLimits.CommandsMax);

    /// <summary>The host's page size, from CC.MPS.</summary>
    public int PageBytes { get; set; } = NvmeSizes.PageBytesMin;

    public void Reset() => _waiting.Clear();

    /// <summary>Looks at PRP1 and PRP2; a list is read later (<see cref="CommandSlot.PrpPending"/>).</summary>
    public NvmeStatus Start(ref CommandSlot slot, ulong prp1, ulong prp2)
    {
        Check.That(slot.DataBytes > 0 && slot.DataBytes <= maxDataTransferBytes);
        if ((prp1 & 3) != 0)
        {
            return NvmeStatus.PrpOffsetInvalid;
        }

        Set(slot.Index, 0, prp1);
        slot.PrpCount = 1;
        var left = slot.DataBytes - FirstBytes(prp1);
        if (left <= 0)
        {
            return NvmeStatus.Success;
        }

        if (left <= PageBytes)
        {
            Set(slot.Index, 1, prp2);
            slot.PrpCount = 2;
            return Offset(prp2) != 0 ? NvmeStatus.PrpOffsetInvalid : NvmeStatus.Success;
        }

        if ((prp2 & 7) != 0)
        {
            return NvmeStatus.PrpOffsetInvalid;
        }

        slot.PrpNeeded = 1 + ((left + PageBytes - 1) / PageBytes);
        slot.PrpListAddress = prp2;
        slot.PrpPending = true;
        _waiting.Push(slot.Index);
        return NvmeStatus.Success;
    }

    /// <summary>Where the byte at <paramref name="at"/> of a command's data is, and how many bytes follow it there.</summary>
    public ulong AddressOf(in CommandSlot slot, int at, out int contiguous)
    {
        var first = Get(slot.Index, 0);
        var firstBytes = FirstBytes(first);
        if (at < firstBytes)
        {
            contiguous = firstBytes - at;
            return first + (ulong)at;
        }

        var beyond = at - firstBytes;
        var offset = beyond & (PageBytes - 1);
        contiguous = PageBytes - offset;
        return Get(slot.Index, 1 + (beyond / PageBytes)) + (ulong)offset;
    }

    public bool TryIssue(DmaReader reader, Instant now, Span<byte> into, out int length)
    {
        length = 0;
        if (_waiting.Count == 0)
        {
            return false;
        }

        ref var slot = ref commands[_waiting.Pop()];
        var entries = Math.Min(slot.PrpNeeded - slot.PrpCount, EntriesInPage(slot.PrpListAddress));
        entries = Math.Min(entries, reader.RoomAt(slot.PrpListAddress) / NvmeSizes.PrpEntryBytes);
        slot.PrpReading = entries;
        length = reader.Issue(
            DmaPurpose.PrpList, slot.Index, slot.PrpCount * NvmeSizes.PrpEntryBytes, slot.PrpListAddress, entries * NvmeSizes.PrpEntryBytes,
            now, into);
        return true;
    }

    public Span<byte> Destination(int slot, int offset, int bytes) =>
        _entries.AsSpan((slot * _stride * NvmeSizes.PrpEntryBytes) + offset, bytes);

    /// <summary>Part of a list has come. Afterwards the slot has an error status, or waits for more, or is resolved.</summary>
    public void OnReadEnded(ref CommandSlot slot, bool ok)
    {
        var status = ok ? Accept(ref slot) : NvmeStatus.DataTransferError;
        if (!status.IsSuccess && slot.Status.IsSuccess)
        {
            slot.Status = status;
        }

        if (slot.Status.IsSuccess && slot.PrpCount < slot.PrpNeeded)
        {
            _waiting.Push(slot.Index);
            return;
        }

        slot.PrpPending = false;
    }

    private NvmeStatus Accept(ref CommandSlot slot)
    {
        var read = slot.PrpReading;
        var reachedPageEnd = read == EntriesInPage(slot.PrpListAddress);
        var isChained = reachedPageEnd && slot.PrpNeeded - slot.PrpCount > read;
        for (var i = 0; i < read; i++)
        {
            if (Offset(Get(slot.Index, slot.PrpCount + i)) != 0)
            {
                return NvmeStatus.PrpOffsetInvalid;
            }
        }

        if (isChained)
        {
            slot.PrpCount += read - 1;
            slot.PrpListAddress = Get(slot.Index, slot.PrpCount);
        }
        else
        {
            slot.PrpCount += read;
            slot.PrpListAddress += (ulong)(read * NvmeSizes.PrpEntryBytes);
        }

        return NvmeStatus.Success;
    }

    private int EntriesInPage(ulong listAddress) => (PageBytes - Offset(listAddress)) / NvmeSizes.PrpEntryBytes;

    private int Offset(ulong prp) => (int)(prp & (uint)(PageBytes - 1));

    private int FirstBytes(ulong prp1) => PageBytes - Offset(prp1);

    private ulong Get(int slot, int index) =>
        BinaryPrimitives.ReadUInt64LittleEndian(_entries.AsSpan(((slot * _stride) + index) * NvmeSizes.PrpEntryBytes));

    private void Set(int slot, int index, ulong prp) =>
        BinaryPrimitives.WriteUInt64LittleEndian(Destination(slot, index * NvmeSizes.PrpEntryBytes, NvmeSizes.PrpEntryBytes), prp);
}
