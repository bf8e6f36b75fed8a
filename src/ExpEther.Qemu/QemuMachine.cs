using ExpEther.Core.Counters;
using ExpEther.Core.Scheduling;
using ExpEther.Core.Time;
using ExpEther.Pcie;
using ExpEther.RootComplex.Guests;
using ExpEther.RootComplex.Memory;

namespace ExpEther.Qemu;

/// <summary>The slots of one guest: a vfio-user socket for each, and QMP to plug and unplug.</summary>
public sealed class QemuMachine : IGuestMachine, ICounterSource, IDisposable
{
    public QemuMachine(QemuMachineOptions options, OwnerScheduler scheduler, IEventSink events) => throw new NotSupportedException();

    /// <summary>To wake for; they stay the same for the machine's life.</summary>
    public IReadOnlyList<int> PollFileDescriptors => throw new NotSupportedException();

    public Instant? NextDeadline => throw new NotSupportedException();

    public bool Poll(Instant now) => throw new NotSupportedException();

    public QemuMachineStatus Status() => throw new NotSupportedException();

    /// <summary>Asks QEMU for what the guest may have changed by itself: bus numbers. Bounded.</summary>
    public Task RefreshAsync() => throw new NotSupportedException();

    public Task<bool> PlugAsync(GuestSlot slot) => throw new NotSupportedException();

    public Task UnplugAsync(GuestSlot slot, bool surprise) => throw new NotSupportedException();

    public void MarkGone(GuestSlot slot) => throw new NotSupportedException();

    public IHostMemory MemoryOf(int slot) => throw new NotSupportedException();

    public void RaiseInterrupt(GuestSlot slot, HostAddress address, uint data) => throw new NotSupportedException();

    public void AddShape(CounterShape shape) => throw new NotSupportedException();

    public void AddCounters(CounterTree tree) => throw new NotSupportedException();

    public void Dispose() => throw new NotSupportedException();
}
