using ExpEther.Linux;
using ExpEther.Linux.Polling;
using ExpEther.Linux.Sockets;
using ExpEther.VfioUser.Protocol;

namespace ExpEther.VfioUser.Sessions;

/// <summary>The events by which a client listens to interrupts, by kind and vector, and the DEVICE_SET_IRQS that change them.</summary>
internal sealed class InterruptEvents(IVfioUserDevice device) : IDisposable
{
    private readonly EventFd?[]?[] _events = new EventFd?[]?[VfioUserLimits.InterruptKindsMax];

    /// <summary>Does what a DEVICE_SET_IRQS asks.</summary>
    /// <param name="payload">The message's.</param>
    /// <param name="descriptors">What came with it; taken from where they are kept.</param>
    /// <returns>None, or what to refuse it with; then nothing has changed.</returns>
    public Errno Set(ReadOnlySpan<byte> payload, ReceivedDescriptors descriptors)
    {
        if (SetInterrupts.TryParse(payload, out var set, out var booleans) is var error and not Errno.None)
        {
            return error;
        }

        var isEvents = set.Data == SetInterruptsFlags.DataEvent;
        var vectors = Math.Min(device.InterruptsOf((int)set.Index), VfioUserLimits.InterruptVectorsMax);
        var fits = set.IsDisable || (set.Start < (uint)vectors && set.Count <= (uint)vectors - set.Start);
        if (!fits || (descriptors.Count > 0 && (!isEvents || descriptors.Count != set.Count)))
        {
            return Errno.EINVAL;
        }

        if (set.Action == SetInterruptsFlags.ActionTrigger)
        {
            return isEvents ? Assign(set, vectors, descriptors) : set.IsDisable ? Disable((int)set.Index) : Signal(set, booleans);
        }

        // INTx masks itself in VFIO and is unmasked by this; the device's own state of it is a level, so there is nothing to keep here.
        return !isEvents && set.Index == InterruptInfo.Intx ? Errno.None : Errno.EOPNOTSUPP;
    }

    public void Dispose()
    {
        foreach (var kind in _events)
        {
            foreach (var wake in kind ?? [])
            {
                wake?.Dispose();
            }
        }

        Array.Clear(_events);
    }

    // "If no file descriptors are provided, this de-assigns the specified previously configured interrupts."
    private Errno Assign(in SetInterrupts set, int vectors, ReceivedDescriptors descriptors)
    {
        for (var i = 0; i < descriptors.Count; i++)
        {
            if (!EventFd.IsEvent(descriptors[i]))
            {
                return Errno.EINVAL;
            }
        }

        for (var i = 0; i < (int)set.Count; i++)
        {
            Replace((int)set.Index, vectors, (int)set.Start + i, descriptors.Count == 0 ? null : new EventFd(descriptors.Take(i)));
        }

        return Errno.None;
    }

    private Errno Disable(int index)
    {
        var vectors = _events[index]?.Length ?? 0;
        for (var vector = 0; vector < vectors; vector++)
        {
            Replace(index, vectors, vector, null);
        }

        return Errno.None;
    }

    private Errno Signal(in SetInterrupts set, ReadOnlySpan<byte> booleans)
    {
        var kind = _events[set.Index];
        for (var i = 0; i < (int)set.Count && kind is not null; i++)
        {
            if ((booleans.IsEmpty || booleans[i] != 0) && set.Start + i < kind.Length)
            {
                kind[(int)set.Start + i]?.Set();
            }
        }

        return Errno.None;
    }

    private void Replace(int index, int vectors, int vector, EventFd? wake)
    {
        ref var kind = ref _events[index];
        if (kind is null || kind.Length < vectors)
        {
            Array.Resize(ref kind, vectors);
        }

        var former = kind[vector];
        kind[vector] = wake;
        if (former is not null || wake is not null)
        {
            device.OnInterruptEvent(index, vector, wake);
        }

        former?.Dispose();
    }
}
