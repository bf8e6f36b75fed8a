using ExpEther.Pcie;

namespace ExpEther.RootComplex.Memory;

/// <summary>A host's memory as DMA sees it: ranges that the host mapped, each with its rights.</summary>
public interface IHostMemory
{
    /// <summary>Finds the bytes behind a DMA access. The whole access must lie in one mapped range and have its rights.</summary>
    /// <returns>False: not mapped, or against its rights; the access ends in UR or is dropped.</returns>
    bool TryGetSpan(HostAddress address, int bytes, DmaRights rights, out Span<byte> span);
}
