using ExpEther.Nvme.Backends;
using ExpEther.Simulation.Faults;
using ExpEther.Simulation.Storage;

namespace ExpEther.Simulation.Tests.Planted;

/// <summary>DLFEAT promises zeroes after a deallocation on every disk, also on those that keep some blocks as they were.</summary>
internal sealed class FalseZeroPromise : IPlantedBug
{
    public IBlockBackend Wrap(IBlockBackend backend, SimDisk disk) => new Backend(backend);

    private sealed class Backend(IBlockBackend inner) : TamperedBackend(inner)
    {
        public override bool DeallocatedReadsZeroes => true;
    }
}
