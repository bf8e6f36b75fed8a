using ExpEther.Core.Scheduling;
using ExpEther.Core.Time;
using ExpEther.Pcie;
using ExpEther.Pcie.Ports;
using ExpEther.RootComplex.Memory;

namespace ExpEther.RootComplex.Guests;

/// <summary>
/// The root complex above a host bridge whose host is a virtual machine. The monitor (QEMU) has decoded a guest's access to a slot already;
/// this makes TLPs of it, and does for the bridge's ports what an operating system does: numbers buses, powers slots, lets go when asked to.
/// </summary>
public sealed class GuestRootComplex : ITlpPort, IHostAttachment
{
    public GuestRootComplex(GuestRootComplexOptions options, IGuestMachine machine, OwnerScheduler scheduler, IEventSink events)
        => throw new NotSupportedException();

    public IReadOnlyList<GuestSlot> Slots => throw new NotSupportedException();

    public RootComplexCounters Counters => throw new NotSupportedException();

    public IHostMemory Memory => throw new NotSupportedException();

    public Instant? NextDeadline => throw new NotSupportedException();

    /// <summary>Once, on the scheduler.</summary>
    public Task EnumerateAsync() => throw new NotSupportedException();

    public void ChangeTimes(TimeSpan completionTimeout) => throw new NotSupportedException();

    public bool Poll(Instant now) => throw new NotSupportedException();

    public bool TryAccept(ReadOnlySpan<byte> tlp, Instant now) => throw new NotSupportedException();

    public bool TryTake(Instant now, Span<byte> into, out int length) => throw new NotSupportedException();

    public bool IsInterruptAddress(HostAddress address) => throw new NotSupportedException();

    public void RaiseInterrupt(Rid requester, HostAddress address, uint data) => throw new NotSupportedException();
}
