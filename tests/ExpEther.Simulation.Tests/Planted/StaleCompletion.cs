using ExpEther.Pcie.Ports;
using ExpEther.Pcie.Tlp;
using ExpEther.Simulation.Faults;
using ExpEther.Simulation.Storage;

namespace ExpEther.Simulation.Tests.Planted;

/// <summary>A DMA read is now and then answered with what an earlier read of that length got.</summary>
internal sealed class StaleCompletion : IPlantedBug
{
    public IPcieDevice Wrap(IPcieDevice device, SimDisk disk) => new Device(device);

    private sealed class Device(IPcieDevice device) : TamperedDevice(device)
    {
        private byte[] _last = [];
        private int _count;

        protected override byte[]? ToDevice(in TlpView tlp, byte[] bytes)
        {
            if (tlp.Kind == TlpKind.CompletionWithData && tlp.Payload.Length >= 256)
            {
                var payload = tlp.Payload.ToArray();
                if (payload.Length == _last.Length && ++_count % 50 == 0)
                {
                    _last.CopyTo(bytes.AsSpan(tlp.HeaderBytes));
                }

                _last = payload;
            }

            return bytes;
        }
    }
}
