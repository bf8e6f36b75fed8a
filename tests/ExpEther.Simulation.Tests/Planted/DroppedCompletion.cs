using ExpEther.Pcie.Ports;
using ExpEther.Pcie.Tlp;
using ExpEther.Simulation.Faults;
using ExpEther.Simulation.Storage;

namespace ExpEther.Simulation.Tests.Planted;

/// <summary>Row 5: an answer to a DMA read gets lost now and then.</summary>
internal sealed class DroppedCompletion : IPlantedBug
{
    public IPcieDevice Wrap(IPcieDevice device, SimDisk disk) => new Device(device);

    private sealed class Device(IPcieDevice device) : TamperedDevice(device)
    {
        private int _count;

        protected override byte[]? ToDevice(in TlpView tlp, byte[] bytes) => tlp.Kind == TlpKind.CompletionWithData && ++_count % 500 == 0 ? null : bytes;
    }
}
