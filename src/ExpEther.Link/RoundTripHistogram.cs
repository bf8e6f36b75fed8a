using System.Numerics;

namespace ExpEther.Link;

/// <summary>How long round trips were, in buckets that double: below 2 µs, 4 µs, and so on; the last has no end.</summary>
public sealed class RoundTripHistogram
{
    public const int Buckets = 20;

    private readonly long[] _counts = new long[Buckets];

    /// <summary>The first length, in microseconds, that is too long for a bucket.</summary>
    public static long EndMicroseconds(int bucket) => 2L << bucket;

    public long Count(int bucket) => _counts[bucket];

    internal void Add(int microseconds) => _counts[Math.Min(BitOperations.Log2((uint)Math.Max(microseconds, 1)), Buckets - 1)]++;
}
