using System.Numerics;

namespace ExpEther.Daemon.Load;

/// <summary>
/// Latencies in buckets that are at most 1/128 of their value wide: 1 ns to 18 minutes in 32 KiB, no allocation per sample. Percentiles are a
/// bucket's upper end, so they are never flattering.
/// </summary>
public sealed class LatencyHistogram
{
    private const int SubBits = 7;
    private const int OctavesMax = 34;

    private readonly long[] _buckets = new long[(OctavesMax + 1) << SubBits];
    private long _sum;

    public long Count { get; private set; }

    /// <summary>The longest sample, exact.</summary>
    public long MaxNanoseconds { get; private set; }

    /// <summary>0 without samples.</summary>
    public double MeanNanoseconds => Count == 0 ? 0 : (double)_sum / Count;

    /// <param name="nanoseconds">Negative counts as 0; what is longer than the last bucket goes into that.</param>
    public void Record(long nanoseconds)
    {
        var value = Math.Max(nanoseconds, 0);
        _buckets[BucketOf(value)]++;
        _sum += value;
        Count++;
        MaxNanoseconds = Math.Max(MaxNanoseconds, value);
    }

    /// <summary>The latency that this share of all samples did not exceed.</summary>
    /// <param name="share">0 to 1.</param>
    /// <returns>Nanoseconds; 0 without samples.</returns>
    public long Percentile(double share)
    {
        var wanted = (long)Math.Ceiling(share * Count);
        long seen = 0;
        for (var bucket = 0; bucket < _buckets.Length; bucket++)
        {
            seen += _buckets[bucket];
            if (seen >= wanted && seen > 0)
            {
                return Math.Min(UpperEnd(bucket), MaxNanoseconds);
            }
        }

        return MaxNanoseconds;
    }

    private static int BucketOf(long value)
    {
        if (value < 1 << SubBits)
        {
            return (int)value;
        }

        var octave = BitOperations.Log2((ulong)value) - SubBits;
        return octave >= OctavesMax
            ? (OctavesMax << SubBits) + (1 << SubBits) - 1
            : ((octave + 1) << SubBits) + (int)((value >> octave) & ((1 << SubBits) - 1));
    }

    private static long UpperEnd(int bucket)
    {
        var octave = (bucket >> SubBits) - 1;
        var sub = bucket & ((1 << SubBits) - 1);
        return octave < 0 ? bucket : (((1L << SubBits) + sub + 1) << octave) - 1;
    }
}
