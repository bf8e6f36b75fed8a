using ExpEther.Nvme.Protocol;
using ExpEther.RootComplex.Functions;

namespace ExpEther.Nvme.Driver;

/// <summary>Checks what is asked of a disk and makes commands of it, on the queues in turn. Allocates nothing.</summary>
internal sealed class IoCommands(PciFunction function, ControllerSession session)
{
    private const uint DeallocateAttribute = 1 << 2;
    private const int BlocksPerCommandMax = 65536;
    private int _nextPair;

    public bool IsPossible(in NvmeIo io)
    {
        if (Find(io.Namespace) is not { } target)
        {
            return false;
        }

        if (io.Operation == NvmeIoOperation.Flush)
        {
            return true;
        }

        if (io.Blocks is < 1 or > BlocksPerCommandMax || !IsWithin(target, io.Lba, (uint)io.Blocks))
        {
            return false;
        }

        return io.Operation == NvmeIoOperation.WriteZeroes
            || ((io.Buffer.Address.Value & 3) == 0 && io.Buffer.Bytes == (long)io.Blocks * target.BlockBytes
                && io.Buffer.Bytes <= session.Identity.TransferBytesMax);
    }

    public bool IsPossible(uint nsid, ReadOnlySpan<BlockRange> ranges)
    {
        if ((session.Identity.Commands & OptionalNvmCommands.DatasetManagement) == 0 || Find(nsid) is not { } target
            || ranges.Length is < 1 or > DatasetRange.CountMax)
        {
            return false;
        }

        foreach (var range in ranges)
        {
            if (range.Blocks == 0 || !IsWithin(target, range.Lba, range.Blocks))
            {
                return false;
            }
        }

        return true;
    }

    public bool TryFindPair(out QueuePair pair, out int slot)
    {
        var pairs = session.Pairs;
        for (var tries = 0; tries < pairs.Count; tries++)
        {
            _nextPair = (_nextPair + 1) % pairs.Count;
            if (pairs[_nextPair].TryTakeSlot(out slot))
            {
                pair = pairs[_nextPair];
                return true;
            }
        }

        pair = null!;
        slot = -1;
        return false;
    }

    public NvmeCommand Make(in NvmeIo io, QueuePair pair, int slot)
    {
        var opcode = io.Operation switch
        {
            NvmeIoOperation.Read => IoOpcode.Read,
            NvmeIoOperation.Write => IoOpcode.Write,
            NvmeIoOperation.WriteZeroes => IoOpcode.WriteZeroes,
            _ => IoOpcode.Flush,
        };
        if (io.Operation == NvmeIoOperation.Flush)
        {
            return new NvmeCommand((byte)opcode, io.Namespace);
        }

        var hasData = io.Operation != NvmeIoOperation.WriteZeroes;
        return new NvmeCommand(
            (byte)opcode, io.Namespace,
            hasData ? io.Buffer.Address.Value : 0,
            hasData ? PrpList.Prp2Of(io.Buffer, function.Memory, pair.ListOf(slot)) : 0,
            (uint)io.Lba, (uint)(io.Lba >> 32), (uint)(io.Blocks - 1));
    }

    /// <summary>Dataset Management (NVMe 1.4 §6.7); its ranges lie in the slot's page, which they never leave.</summary>
    public NvmeCommand MakeDeallocation(uint nsid, ReadOnlySpan<BlockRange> ranges, QueuePair pair, int slot)
    {
        var list = pair.ListOf(slot);
        var into = function.Memory.SpanOf(list);
        foreach (var range in ranges)
        {
            new DatasetRange(range.Lba, range.Blocks).Write(into);
            into = into[DatasetRange.Bytes..];
        }

        return new NvmeCommand(
            (byte)IoOpcode.DatasetManagement, nsid, list.Address.Value, Dw10: (uint)(ranges.Length - 1), Dw11: DeallocateAttribute);
    }

    private static bool IsWithin(NvmeNamespace target, ulong lba, uint blocks) => lba < target.Blocks && blocks <= target.Blocks - lba;

    private NvmeNamespace? Find(uint nsid)
    {
        for (var i = 0; i < session.Namespaces.Count; i++)
        {
            if (session.Namespaces[i].Id == nsid)
            {
                return session.Namespaces[i];
            }
        }

        return null;
    }
}
