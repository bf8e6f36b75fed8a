using System.Buffers.Binary;
using ExpEther.Pcie;
using ExpEther.Pcie.Ports;
using ExpEther.Pcie.Tlp;
using ExpEther.Simulation.Faults;
using ExpEther.Simulation.Storage;

namespace ExpEther.Simulation.Tests.Planted;

/// <summary>Row 4: a DMA write of one virtual function now and then passes for another's of the same device, and so goes to that one's owner.</summary>
internal sealed class ConfusedSiblings : IPlantedBug
{
    public IPcieDevice Wrap(IPcieDevice device, SimDisk disk) => new Device(device);

    private sealed class Device(IPcieDevice device) : TamperedDevice(device)
    {
        private Rid _other;
        private int _count;

        protected override bool FromDevice(in TlpView tlp)
        {
            var requester = tlp.Requester;
            if (tlp.Kind != TlpKind.MemoryWrite || tlp.Payload.Length < 256 || requester.DeviceFunction == 0)
            {
                return true;
            }

            var other = _other;
            _other = requester;
            if (other == default || other == requester || ++_count % 40 != 0)
            {
                return true;
            }

            var copy = tlp.Bytes.ToArray();
            BinaryPrimitives.WriteUInt16BigEndian(copy.AsSpan(4), other.Value);
            Add(copy);
            return false;
        }
    }
}
