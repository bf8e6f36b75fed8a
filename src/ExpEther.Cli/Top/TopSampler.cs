using ExpEther.Core.Stages;
using ExpEther.Core.Time;
using ExpEther.Daemon.Counters;

namespace ExpEther.Cli.Top;

/// <summary>
/// Reads pages again and again and tells what happened between. Rates are over the time between the snapshots, which is the daemon's
/// business, not over that between the looks at them.
/// </summary>
internal sealed class TopSampler
{
    private readonly Dictionary<string, CounterSnapshot> _before = [];

    /// <summary>Takes what there is now.</summary>
    /// <returns>Of the daemons that were there last time too.</returns>
    public IReadOnlyList<TopDaemon> Next(IReadOnlyList<CounterSnapshot> pages, Instant now)
    {
        var report = new List<TopDaemon>();
        foreach (var page in pages)
        {
            if (_before.TryGetValue(page.Path, out var before) && before.ProcessId == page.ProcessId)
            {
                report.Add(Compare(before, page, now));
            }
        }

        _before.Clear();
        foreach (var page in pages)
        {
            _before[page.Path] = page;
        }

        return report;
    }

    private static TopDaemon Compare(CounterSnapshot before, CounterSnapshot after, Instant now)
    {
        var seconds = (after.PublishedAt.Nanoseconds - before.PublishedAt.Nanoseconds) / 1e9;
        var item = new TopItem(CounterTreeJson.Of(before.Values, before.Path), CounterTreeJson.Of(after.Values, after.Path), seconds);
        var kind = item.After["kind"]?.ToString() ?? "";
        return new TopDaemon(
            after, kind, item.After["name"]?.ToString() ?? "", now - after.PublishedAt, after.IsOverdue(now), seconds, Shares(item.Part("loop")),
            item.Part("loop")?.PerSecond("turns") ?? 0, TopTables.Of(kind, item));
    }

    /// <summary>Busy, idle and asleep are known exactly; what the loop was busy with was sampled, and divides the busy time.</summary>
    private static IReadOnlyList<(string Stage, double Share)> Shares(TopItem? loop)
    {
        if (loop is not { } times || times.Part("stages") is not { } stages)
        {
            return [];
        }

        var busy = times.Grown("busyNanoseconds");
        var elapsed = busy + times.Grown("idleNanoseconds", "asleepNanoseconds");
        if (elapsed <= 0)
        {
            return [];
        }

        var names = Enum.GetNames<Stage>().Select(name => name.ToLowerInvariant()).ToList();
        var sampled = names.Sum(name => stages.Grown($"{name}Nanoseconds"));
        var shares = names.Select(name => (name, sampled > 0 ? stages.Grown($"{name}Nanoseconds") / sampled * busy / elapsed : 0)).ToList();
        if (sampled <= 0)
        {
            // So little that no turn of it was sampled: mostly signs of life.
            shares[^1] = (names[^1], busy / elapsed);
        }

        return [.. shares, ("idle", times.Grown("idleNanoseconds") / elapsed), ("asleep", times.Grown("asleepNanoseconds") / elapsed)];
    }
}
