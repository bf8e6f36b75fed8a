using ExpEther.Pcie.Ports;
using ExpEther.Pcie.Tlp;
using ExpEther.Simulation.Faults;
using ExpEther.Simulation.Storage;

namespace ExpEther.Simulation.Tests.Planted;

/// <summary>A function-level reset is not done: what a function had to do for the owner before goes on under the next one.</summary>
internal sealed class SkippedFunctionReset : IPlantedBug
{
    public IPcieDevice Wrap(IPcieDevice device, SimDisk disk) => new Device(device);

    private sealed class Device(IPcieDevice device) : TamperedDevice(device)
    {
        private const uint FunctionLevelReset = 0x8000;

        protected override byte[]? ToDevice(in TlpView tlp, byte[] bytes)
        {
            // Device Control's high half is Device Status: not an address, and not all ones to find a BAR's size.
            if (tlp.Kind is TlpKind.ConfigWrite0 or TlpKind.ConfigWrite1 && (tlp.ConfigValue & FunctionLevelReset) != 0 && tlp.ConfigValue <= ushort.MaxValue)
            {
                bytes[tlp.HeaderBytes + 1] &= 0x7F;
            }

            return bytes;
        }
    }
}
