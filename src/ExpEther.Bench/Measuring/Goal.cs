namespace ExpEther.Bench.Measuring;

/// <summary>What ours divided by the reference should come to.</summary>
/// <param name="Ratio">The bound.</param>
/// <param name="IsUpperBound">True: at most this (a latency). False: at least this (a throughput).</param>
public sealed record Goal(double Ratio, bool IsUpperBound)
{
    public bool IsMetBy(double ratio) => IsUpperBound ? ratio <= Ratio : ratio >= Ratio;

    public override string ToString() => FormattableString.Invariant($"{(IsUpperBound ? "<=" : ">=")} {Ratio:0.##}");
}
