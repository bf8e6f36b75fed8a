namespace ExpEther.Cli.Wiring;

/// <summary>The same for several at once.</summary>
internal static class Together
{
    /// <summary>Ends when all have ended. The first failure ends the others too, and is the one that is thrown.</summary>
    public static async Task RunAsync<T>(IEnumerable<T> items, Func<T, CancellationToken, Task> step, CancellationToken cancel)
    {
        using var all = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Exception? first = null;
        await Task.WhenAll(items.Select(async item =>
        {
            try
            {
                await step(item, all.Token);
            }
            catch (Exception e)
            {
                Interlocked.CompareExchange(ref first, e, null);
                await all.CancelAsync();
            }
        }).ToList());
        if (first is not null)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(first);
        }
    }
}
