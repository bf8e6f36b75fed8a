using ExpEther.Pcie.Ports;
using ExpEther.Pcie.Tlp;
using ExpEther.Simulation.Faults;
using ExpEther.Simulation.Storage;

namespace ExpEther.Simulation.Tests.Planted;

/// <summary>A host's writes from before a link went down are delivered once more after it came back.</summary>
internal sealed class UncheckedEpoch : IPlantedBug
{
    public IPcieDevice Wrap(IPcieDevice device, SimDisk disk) => new Device(device);

    private sealed class Device(IPcieDevice device) : TamperedDevice(device)
    {
        private readonly Queue<byte[]> _old = new();
        private int _assignment;
        private int _count;

        protected override byte[]? ToDevice(in TlpView tlp, byte[] bytes)
        {
            if (tlp.Kind != TlpKind.MemoryWrite)
            {
                return bytes;
            }

            if (_assignment != Assignment)
            {
                (_assignment, _count) = (Assignment, 0);
            }

            // It comes in the place of a new one, so that the device sees the doorbell's old value last.
            if (++_count > 150 && _old.TryDequeue(out var old))
            {
                return old;
            }

            _old.Enqueue(bytes);
            if (_old.Count > 20)
            {
                _old.Dequeue();
            }

            return bytes;
        }
    }
}
