using ExpEther.Bridge.Io.Functions;
using ExpEther.Core.Scheduling;

namespace ExpEther.Bridge.Io.Sequences;

/// <summary>
/// Runs sequences on functions. One that ends in an exception is a bug of ours: nobody knows how far it came, so the function's device is fenced
/// (<see cref="Devices.DeviceFence"/>), and the box goes on.
/// </summary>
internal sealed class SequenceGuard(OwnerScheduler scheduler, OwnerSignal changed)
{
    public void Start(IoFunction function, Func<Task> sequence) => scheduler.Start(async () =>
    {
        try
        {
            await sequence();
        }
        catch (Exception e)
        {
            Fail(function, e);
        }
    });

    /// <summary>A command on a function; null: there is no such function.</summary>
    public async Task<BridgeResult> RunAsync(IoFunction? function, Func<Task<BridgeResult>> command)
    {
        try
        {
            return await command();
        }
        catch (Exception e) when (function is not null)
        {
            Fail(function, e);
            return Refusals.Failed(function);
        }
    }

    private void Fail(IoFunction function, Exception e)
    {
        function.Device.Device.Fail(e);
        function.Failure = Devices.DeviceFence.Failure;
        (function.Busy, function.Heir, function.Hurry) = (null, null, false);
        changed.Set();
    }
}
