using ExpEther.Pcie.Ports;
using ExpEther.Pcie.Tlp;
using ExpEther.Simulation.Faults;
using ExpEther.Simulation.Storage;

namespace ExpEther.Simulation.Tests.Planted;

/// <summary>A posted write, here a completion entry, now and then comes a second time, a little later.</summary>
internal sealed class DuplicatedPosted : IPlantedBug
{
    public IPcieDevice Wrap(IPcieDevice device, SimDisk disk) => new Device(device);

    private sealed class Device(IPcieDevice device) : TamperedDevice(device)
    {
        private const int CompletionEntryBytes = 16;
        private readonly Queue<(byte[] Tlp, int At)> _later = new();
        private int _count;

        protected override bool FromDevice(in TlpView tlp)
        {
            // Completion entries: a round of their queue later the old one has the phase that is waited for next.
            if (tlp.Kind != TlpKind.MemoryWrite || tlp.Payload.Length != CompletionEntryBytes)
            {
                return true;
            }

            _count++;
            if (_count % 50 == 0)
            {
                _later.Enqueue((tlp.Bytes.ToArray(), _count + 45));
            }

            if (_later.TryPeek(out var next) && next.At <= _count)
            {
                Add(_later.Dequeue().Tlp);
            }

            return true;
        }
    }
}
