using ExpEther.Nvme.Backends;

namespace ExpEther.Simulation.Storage;

/// <summary>A disk as one life of its box sees it; once that has crashed nothing reaches the disk any more.</summary>
internal sealed class SimBackend(SimDisk disk) : IBlockBackend
{
    public long LengthBytes => disk.LengthBytes;

    public int BlockBytes => SimulationLimits.BlockBytes;

    public bool IsReadOnly => false;

    public bool DeallocatedReadsZeroes => disk.DeallocatedReadsZeroes;

    public int WriteGranularityBytes => BlockBytes;

    public int DeallocateGranularityBytes => BlockBytes;

    public bool TrySubmit(in BlockRequest request) => disk.TrySubmit(request);

    public bool TryTakeCompletion(out BlockCompletion completion) => disk.TryTakeCompletion(out completion);
}
