using ExpEther.Core.Time;
using ExpEther.Pcie.Ports;

namespace ExpEther.Nvme.Tests.Host;

/// <summary>One function of an SR-IOV device as if it were a device alone: what its host sees of the device.</summary>
internal sealed class FunctionPort(SrIovBox box, int number) : IPcieDevice
{
    public Instant? NextDeadline => box.Device.NextDeadline;

    public bool TryAccept(ReadOnlySpan<byte> tlp, Instant now) => box.Device.TryAccept(tlp, now);

    public bool TryTake(Instant now, Span<byte> into, out int length) => box.TryTakeOf(number, now, into, out length);

    public bool Poll(Instant now) => box.Device.Poll(now);

    public void Reset(Instant now) => box.Device.Reset(now);
}
