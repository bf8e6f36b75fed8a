using ExpEther.Bench.Lab;
using ExpEther.Bench.Measuring;

namespace ExpEther.Bench.References;

/// <summary>A reference that is run at the best of several settings, found by one short run of each.</summary>
internal abstract class TunedReference(BenchNetwork network, bool isLowerBetter) : IContender
{
    private Setting? _best;

    public string Name => _best is null ? Program : $"{Program}, {_best.Name}";

    protected BenchNetwork Network { get; } = network;

    /// <summary>What it is.</summary>
    protected abstract string Program { get; }

    protected abstract IReadOnlyList<Setting> Settings { get; }

    public async Task PrepareAsync(int milliseconds, CancellationToken cancel)
    {
        await StartAsync(cancel);
        var best = double.NaN;
        foreach (var setting in Settings)
        {
            await UseAsync(setting, cancel);
            var value = (await RunAsync(setting, milliseconds, cancel)).Value;
            if (_best is null || (isLowerBetter ? value < best : value > best))
            {
                (_best, best) = (setting, value);
            }
        }

        await UseAsync(_best!, cancel);
    }

    public Task<Sample> RunAsync(int milliseconds, CancellationToken cancel) => RunAsync(_best!, milliseconds, cancel);

    public abstract void Dispose();

    /// <summary>Looks for its programs.</summary>
    protected abstract Task StartAsync(CancellationToken cancel);

    /// <summary>Makes the setting the one that is run from now on.</summary>
    protected abstract Task UseAsync(Setting setting, CancellationToken cancel);

    protected abstract Task<Sample> RunAsync(Setting setting, int milliseconds, CancellationToken cancel);
}
