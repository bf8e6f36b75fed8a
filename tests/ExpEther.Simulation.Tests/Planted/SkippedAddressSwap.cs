using ExpEther.Pcie.Ports;
using ExpEther.Pcie.Tlp;
using ExpEther.Simulation.Faults;
using ExpEther.Simulation.Storage;

namespace ExpEther.Simulation.Tests.Planted;

/// <summary>Row 1: a host's request now and then keeps an address that is not the device's.</summary>
internal sealed class SkippedAddressSwap : IPlantedBug
{
    public IPcieDevice Wrap(IPcieDevice device, SimDisk disk) => new Device(device);

    private sealed class Device(IPcieDevice device) : TamperedDevice(device)
    {
        private int _count;

        protected override byte[]? ToDevice(in TlpView tlp, byte[] bytes)
        {
            if (tlp.IsMemory && !tlp.IsCompletion && ++_count % 40 == 0)
            {
                bytes[10] ^= 0x10;
            }

            return bytes;
        }
    }
}
