using System.Buffers.Binary;
using ExpEther.Nvme.Protocol;
using ExpEther.RootComplex.Memory;

namespace ExpEther.Nvme.Driver;

/// <summary>Data pointers for a run of host memory (NVMe 1.4 §4.3), in pages of 4 KB.</summary>
internal static class PrpList
{
    /// <summary>PRP2 of a run: nothing, the second page, or a list of the pages after the first, written into <paramref name="list"/>.</summary>
    /// <param name="data">DW aligned, at most <see cref="NvmeDriverLimits.TransferBytesMax"/>.</param>
    /// <param name="memory">Holds the list.</param>
    /// <param name="list">A page.</param>
    public static ulong Prp2Of(DmaBuffer data, HostMemory memory, DmaBuffer list)
    {
        const ulong Page = NvmeSizes.PageBytesMin;
        var start = data.Address.Value;
        var second = (start & ~(Page - 1)) + Page;
        var end = start + (ulong)data.Bytes;
        if (end <= second)
        {
            return 0;
        }

        if (end <= second + Page)
        {
            return second;
        }

        var into = memory.SpanOf(list);
        for (var page = second; page < end; page += Page)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(into, page);
            into = into[NvmeSizes.PrpEntryBytes..];
        }

        return list.Address.Value;
    }
}
