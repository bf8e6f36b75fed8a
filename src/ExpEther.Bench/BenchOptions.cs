namespace ExpEther.Bench;

/// <param name="Pairs">Runs of each side.</param>
/// <param name="Milliseconds">Of one run.</param>
/// <param name="MtuBytes">Of the cables.</param>
public sealed record BenchOptions(int Pairs, int Milliseconds, int MtuBytes);
