namespace ExpEther.Simulation;

/// <summary>How one seed's run ended.</summary>
/// <param name="Seed">It.</param>
/// <param name="Failure">What was wrong, with its time; null: nothing.</param>
/// <param name="VirtualTime">Simulated.</param>
/// <param name="Operations">Reads whose bytes were right, and writes and flushes that were acknowledged.</param>
/// <param name="FramesSent">By all stations.</param>
/// <param name="Faults">Injected.</param>
/// <param name="Hash">Over all frames and results, in order, with their times.</param>
/// <param name="Trace">What happened, oldest first: at least the last <see cref="SimulationLimits.TraceLinesMax"/> lines.</param>
public sealed record SeedResult(
    ulong Seed, string? Failure, TimeSpan VirtualTime, long Operations, long FramesSent, FaultCounts Faults, ulong Hash, IReadOnlyList<string> Trace);
