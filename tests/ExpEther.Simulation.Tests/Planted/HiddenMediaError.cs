using ExpEther.Nvme.Backends;
using ExpEther.Simulation.Faults;
using ExpEther.Simulation.Storage;

namespace ExpEther.Simulation.Tests.Planted;

/// <summary>What the media could not do is told as done.</summary>
internal sealed class HiddenMediaError : IPlantedBug
{
    public IBlockBackend Wrap(IBlockBackend backend, SimDisk disk) => new Backend(backend);

    private sealed class Backend(IBlockBackend inner) : TamperedBackend(inner)
    {
        protected override BlockCompletion Changed(in BlockCompletion completion) => completion with { Error = 0 };
    }
}
