using ExpEther.Nvme.Backends;
using ExpEther.Simulation.Faults;
using ExpEther.Simulation.Storage;

namespace ExpEther.Simulation.Tests.Planted;

/// <summary>A deallocation takes the block behind its range along.</summary>
internal sealed class WideDeallocation : IPlantedBug
{
    public IBlockBackend Wrap(IBlockBackend backend, SimDisk disk) => new Backend(backend);

    private sealed class Backend(IBlockBackend inner) : TamperedBackend(inner)
    {
        protected override BlockRequest Changed(in BlockRequest request) =>
            request.Operation == BlockOperation.Deallocate && request.OffsetBytes + request.Bytes < LengthBytes
                ? request with { Bytes = request.Bytes + BlockBytes }
                : request;
    }
}
