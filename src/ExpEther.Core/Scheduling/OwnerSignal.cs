using ExpEther.Core.Time;

namespace ExpEther.Core.Scheduling;

/// <summary>
/// "Something changed" for one or more waiting sequences of an <see cref="OwnerScheduler"/>: each waiter is woken once by the next
/// <see cref="Set"/>, or at its timeout. State is looked at again by the waiter, never carried in the signal.
/// </summary>
public sealed class OwnerSignal(OwnerScheduler scheduler)
{
    private readonly List<TaskCompletionSource<bool>> _waiters = [];

    /// <summary>Wakes all present waiters; a signal with no waiter is not remembered.</summary>
    public void Set()
    {
        if (_waiters.Count == 0)
        {
            return;
        }

        var waiters = _waiters.ToArray();
        _waiters.Clear();
        foreach (var waiter in waiters)
        {
            waiter.TrySetResult(true);
        }
    }

    /// <summary>Waits until <paramref name="condition"/> holds, looking at it now and after every <see cref="Set"/>.</summary>
    /// <returns>False when <paramref name="timeout"/> passed first.</returns>
    public async Task<bool> WaitUntil(Func<bool> condition, TimeSpan timeout)
    {
        var deadline = scheduler.Now + timeout;
        while (!condition())
        {
            if (scheduler.Now >= deadline)
            {
                return false;
            }

            await Next(deadline);
        }

        return true;
    }

    /// <summary>Waits for the next <see cref="Set"/>. False when the deadline passed first.</summary>
    public async Task<bool> Next(Instant deadline)
    {
        var waiter = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiters.Add(waiter);
        scheduler.Arm(waiter, deadline);
        var signalled = await waiter.Task;
        if (!signalled)
        {
            _waiters.Remove(waiter);
        }

        return signalled;
    }
}
