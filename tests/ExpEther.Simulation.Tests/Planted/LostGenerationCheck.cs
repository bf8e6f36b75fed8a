using ExpEther.Pcie.Ports;
using ExpEther.Pcie.Tlp;
using ExpEther.Simulation.Faults;
using ExpEther.Simulation.Storage;

namespace ExpEther.Simulation.Tests.Planted;

/// <summary>DMA writes of one assignment reach the host of the next.</summary>
internal sealed class LostGenerationCheck : IPlantedBug
{
    public IPcieDevice Wrap(IPcieDevice device, SimDisk disk) => new Device(device);

    private sealed class Device(IPcieDevice device) : TamperedDevice(device)
    {
        private readonly Queue<byte[]> _old = new();
        private int _assignment;
        private int _count;

        protected override bool FromDevice(in TlpView tlp)
        {
            if (tlp.Kind != TlpKind.MemoryWrite)
            {
                return true;
            }

            if (_assignment != Assignment)
            {
                // Long enough for the driver of the next one to be at work.
                (_assignment, _count) = (Assignment, 0);
            }

            _count++;
            if (_count > 200 && _count % 10 == 0 && _old.TryDequeue(out var old))
            {
                Add(old);
            }
            else if (_count < 200 && tlp.Payload.Length >= 256 && _old.Count < 30)
            {
                _old.Enqueue(tlp.Bytes.ToArray());
            }

            return true;
        }
    }
}
