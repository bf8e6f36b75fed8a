using ExpEther.Daemon.Control;

namespace ExpEther.Cli.Wiring;

/// <summary>Watches a step: it may take as long as something moves, and fails when nothing did for <see cref="LabLimits.StallSeconds"/>.</summary>
internal sealed class StallGuard : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(LabLimits.StallSeconds);
    private readonly CancellationTokenSource _limit;

    private StallGuard(CancellationToken cancel)
    {
        _limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Moved();
    }

    public CancellationToken Token => _limit.Token;

    /// <summary>Something moved.</summary>
    public void Moved() => _limit.CancelAfter(Patience);

    public void Dispose() => _limit.Dispose();

    /// <exception cref="LabFailure">The step stalled, or its daemon answered with an error; the message names the step.</exception>
    public static async Task<T> RunAsync<T>(string what, Func<StallGuard, Task<T>> step, CancellationToken cancel)
    {
        using var guard = new StallGuard(cancel);
        try
        {
            return await step(guard);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new LabFailure("stalled", $"{what}: nothing moved for {LabLimits.StallSeconds} s", "was the network cut, or a process stopped?");
        }
        catch (ControlException e)
        {
            throw new LabFailure(e.Error.Code, $"{what}: {e.Message}", e.Error.Remedy);
        }
    }
}
