using ExpEther.Nvme.Backends;
using ExpEther.Nvme.Pool;
using ExpEther.Simulation.Faults;
using ExpEther.Simulation.Storage;

namespace ExpEther.Simulation.Tests.Planted;

/// <summary>A change of a pool's metadata is written to one copy, and to the other only by the next change: of two writes the second is lost.</summary>
internal sealed class SingleCopyPool : IPlantedBug
{
    public IBlockBackend Wrap(IBlockBackend backend, SimDisk disk) => new Backend(backend);

    private sealed class Backend(IBlockBackend inner) : TamperedBackend(inner)
    {
        private readonly byte[] _scratch = GC.AllocateArray<byte>(SimulationLimits.BlockBytes, pinned: true);
        private long _last = -1;

        // A refused request is made again: which of two it is, the copy says and not the count.
        protected override BlockRequest Changed(in BlockRequest request)
        {
            if (request is not { Operation: BlockOperation.Write, OffsetBytes: 0 or PoolLimits.MetadataBytes } || request.Cookie < 0x8000_0000)
            {
                return request;
            }

            if (_last < 0 || request.OffsetBytes == _last)
            {
                _last = request.OffsetBytes;
                return request;
            }

            _last = -1;
            return request with { Operation = BlockOperation.Read, Bytes = SimulationLimits.BlockBytes, Buffer = _scratch };
        }
    }
}
