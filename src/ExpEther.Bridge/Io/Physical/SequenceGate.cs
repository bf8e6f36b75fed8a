using ExpEther.Core.Scheduling;

namespace ExpEther.Bridge.Io.Physical;

/// <summary>Lets one sequence at a time through. Whoever waits has its turn in the end, since every sequence behind it ends.</summary>
internal sealed class SequenceGate(OwnerSignal changed, OwnerScheduler scheduler)
{
    private bool _isTaken;

    public async Task<T> RunAsync<T>(Func<Task<T>> sequence)
    {
        while (_isTaken)
        {
            await changed.Next(scheduler.Now + IoBridgeLimits.GateLookAgain);
        }

        _isTaken = true;
        try
        {
            return await sequence();
        }
        finally
        {
            _isTaken = false;
            changed.Set();
        }
    }
}
