using ExpEther.Nvme.Backends;
using ExpEther.Simulation.Faults;
using ExpEther.Simulation.Storage;

namespace ExpEther.Simulation.Tests.Planted;

/// <summary>A namespace that is made or grows gets its chunks as the owner before left them. What hosts deallocate is less at a time, and is zeroed.</summary>
internal sealed class UnzeroedChunks : IPlantedBug
{
    public IBlockBackend Wrap(IBlockBackend backend, SimDisk disk) => new Backend(backend);

    private sealed class Backend(IBlockBackend inner) : TamperedBackend(inner)
    {
        private const int HostBytesMax = SimulationLimits.BlocksPerCommandMax * SimulationLimits.BlockBytes;
        private readonly byte[] _scratch = GC.AllocateArray<byte>(SimulationLimits.BlockBytes, pinned: true);

        protected override BlockRequest Changed(in BlockRequest request) =>
            request is { Operation: BlockOperation.Deallocate or BlockOperation.WriteZeroes, Bytes: > HostBytesMax }
                ? request with { Operation = BlockOperation.Read, Bytes = SimulationLimits.BlockBytes, Buffer = _scratch }
                : request;
    }
}
