using ExpEther.Core.Time;
using ExpEther.Pcie;
using ExpEther.Pcie.Ports;
using ExpEther.Pcie.Tlp;
using ExpEther.Simulation.Faults;
using ExpEther.Simulation.Storage;

namespace ExpEther.Simulation.Tests.Planted;

/// <summary>A function that goes on after a restart of its box is not given back its MSI-X table.</summary>
internal sealed class UnrestoredVectors : IPlantedBug
{
    public IPcieDevice Wrap(IPcieDevice device, SimDisk disk) => new Device(device);

    private sealed class Device(IPcieDevice device) : TamperedDevice(device), IResumableDevice
    {
        private const ulong RegistersMask = 0x3FFF;
        private const ulong Table = 0x2000;
        private const ulong TableEnd = 0x3000;

        private bool _isGivenBack;

        public bool HasNote => Inner.Resumable!.HasNote;

        public bool CanResume(Rid function) => Inner.Resumable!.CanResume(function);

        public ulong ContinuityOf(Rid function) => Inner.Resumable!.ContinuityOf(function);

        public bool TryTakeNote(Rid function, Span<byte> into, out int length) => Inner.Resumable!.TryTakeNote(function, into, out length);

        public void Resume(Rid function, ReadOnlySpan<byte> note, Instant now)
        {
            _isGivenBack = true;
            Inner.Resumable!.Resume(function, note, now);
        }

        protected override byte[]? ToDevice(in TlpView tlp, byte[] bytes)
        {
            if (tlp.IsMemory && !tlp.IsCompletion)
            {
                _isGivenBack &= (tlp.Address & RegistersMask) is >= Table and < TableEnd;
            }

            return _isGivenBack && tlp.IsMemory ? null : bytes;
        }
    }
}
