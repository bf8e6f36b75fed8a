using System.Buffers.Binary;
using ExpEther.Pcie;
using ExpEther.Pcie.Ports;
using ExpEther.Pcie.Tlp;
using ExpEther.Simulation.Faults;
using ExpEther.Simulation.Storage;

namespace ExpEther.Simulation.Tests.Planted;

/// <summary>Row 4: a DMA write now and then goes to the host of another function than the one whose RID it has.</summary>
internal sealed class WrongHost : IPlantedBug
{
    private readonly List<Device> _devices = [];

    public IPcieDevice Wrap(IPcieDevice device, SimDisk disk)
    {
        var wrapped = new Device(device, this);
        _devices.Add(wrapped);
        return wrapped;
    }

    private sealed class Device(IPcieDevice device, WrongHost plant) : TamperedDevice(device)
    {
        private Rid _rid;
        private int _count;

        protected override bool FromDevice(in TlpView tlp)
        {
            if (tlp.Kind != TlpKind.MemoryWrite)
            {
                return true;
            }

            _rid = tlp.Requester;
            var other = plant._devices.FindLast(d => d != this && d._rid != default);
            if (tlp.Payload.Length < 256 || ++_count % 40 != 0 || other is null)
            {
                return true;
            }

            var copy = tlp.Bytes.ToArray();
            BinaryPrimitives.WriteUInt16BigEndian(copy.AsSpan(4), other._rid.Value);
            other.Add(copy);
            return false;
        }
    }
}
