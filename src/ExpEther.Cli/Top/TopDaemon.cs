using ExpEther.Daemon.Counters;

namespace ExpEther.Cli.Top;

/// <summary>What a daemon did between two snapshots of its page.</summary>
/// <param name="Page">The later snapshot.</param>
/// <param name="Kind">io, host or switch.</param>
/// <param name="Name">Its own.</param>
/// <param name="Age">Of the later snapshot when it was read.</param>
/// <param name="IsOverdue">It is older than a daemon that lives lets it become.</param>
/// <param name="Seconds">Between the snapshots; 0 when there was no news.</param>
/// <param name="Shares">Parts of that time by what it was spent on, in the order of the picture; their sum is 1. Empty when there was no news.</param>
/// <param name="TurnsPerSecond">Of its owner loop.</param>
/// <param name="Tables">What it has.</param>
internal sealed record TopDaemon(
    CounterSnapshot Page, string Kind, string Name, TimeSpan Age, bool IsOverdue, double Seconds, IReadOnlyList<(string Stage, double Share)> Shares,
    double TurnsPerSecond, IReadOnlyList<TopTable> Tables)
{
    public double ShareOf(string stage) => Shares.FirstOrDefault(s => s.Stage == stage).Share;
}
