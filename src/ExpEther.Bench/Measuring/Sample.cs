namespace ExpEther.Bench.Measuring;

/// <summary>What one run came to.</summary>
/// <param name="Value">In the bench's unit.</param>
/// <param name="P99">The 99th percentile, in the same unit; null where there is none (a throughput).</param>
/// <param name="CpuMicroseconds">Processor time of all processes of this side, by operation.</param>
public sealed record Sample(double Value, double? P99, double CpuMicroseconds);
