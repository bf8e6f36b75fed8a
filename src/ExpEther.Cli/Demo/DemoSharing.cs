namespace ExpEther.Cli.Demo;

/// <summary>
/// All hosts use the one device at the same time, each by its own virtual function: a pass reads what they share and fills and reads back what
/// is the host's alone, both at once. They begin together, and nobody stops before everybody has been through once.
/// </summary>
internal sealed class DemoSharing(IReadOnlyList<DemoHost> hosts, IReadOnlyList<SharedDisk> shared)
{
    private int _unfinished;

    /// <summary>Seconds in which all hosts were transferring.</summary>
    public double OverlapSeconds => Math.Max(hosts.Min(h => h.EndNs) - hosts.Max(h => h.StartNs), 0) / 1e9;

    public async Task RunAsync(CancellationToken cancel)
    {
        _unfinished = hosts.Count;
        using var all = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var uses = hosts.Select(host => UseAsync(host, all.Token)).ToList();
        try
        {
            // The first failure ends it for all: the others would wait for that host's first pass.
            while (uses.Count > 0)
            {
                var ended = await Task.WhenAny(uses);
                uses.Remove(ended);
                await ended;
            }
        }
        finally
        {
            await all.CancelAsync();
            await Task.WhenAll(uses).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task UseAsync(DemoHost host, CancellationToken cancel)
    {
        host.Begin();
        for (var pass = 1; pass == 1 || Volatile.Read(ref _unfinished) > 0; pass++)
        {
            await Task.WhenAll(ReadSharedAsync(host, pass, cancel), UsePrivateAsync(host, pass, cancel));
            if (pass == 1)
            {
                Interlocked.Decrement(ref _unfinished);
            }
        }

        host.End();
    }

    private async Task ReadSharedAsync(DemoHost host, int pass, CancellationToken cancel)
    {
        foreach (var disk in shared)
        {
            await host.CheckAsync($"read {pass} while all hosts work", disk, cancel);
        }
    }

    private static async Task UsePrivateAsync(DemoHost host, int pass, CancellationToken cancel)
    {
        await host.WriteAsync(cancel);
        await host.CheckAsync($"what it wrote, pass {pass}", host.Function, host.Private!, cancel);
    }
}
