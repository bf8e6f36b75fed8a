using ExpEther.Nvme.Controller;
using ExpEther.Pcie.Ports;
using ExpEther.Simulation.Faults;
using ExpEther.Simulation.Storage;

namespace ExpEther.Simulation.Tests.Planted;

/// <summary>A namespace that all hosts read is not write protected.</summary>
internal sealed class WritableSharedNamespace : IPlantedBug
{
    public IPcieDevice Wrap(IPcieDevice device, SimDisk disk)
    {
        (device as NvmeSrIovDevice)?.SetNamespaceReadOnly(SharedDevice.SharedNamespace, readOnly: false);
        return device;
    }
}
