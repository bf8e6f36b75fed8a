using System.Buffers.Binary;

namespace ExpEther.Core;

/// <summary>
/// A repeatable generator (SplitMix64) for tests and simulation; the same seed gives the same bytes on every machine.
/// Not for keys or nonces of a real link.
/// </summary>
public sealed class SeededRandom(ulong seed) : IRandomSource
{
    private ulong _state = seed;

    public ulong NextUInt64()
    {
        _state += 0x9E3779B97F4A7C15;
        var z = _state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>Uniform in [0, <paramref name="below"/>).</summary>
    public int Next(int below)
    {
        Check.That(below > 0);
        return (int)(NextUInt64() % (ulong)below);
    }

    /// <summary>True with the given probability (0 to 1).</summary>
    public bool Chance(double probability) => (NextUInt64() >> 11) * (1.0 / (1UL << 53)) < probability;

    public void Fill(Span<byte> into)
    {
        while (into.Length >= 8)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(into, NextUInt64());
            into = into[8..];
        }

        if (into.Length > 0)
        {
            Span<byte> last = stackalloc byte[8];
            BinaryPrimitives.WriteUInt64LittleEndian(last, NextUInt64());
            last[..into.Length].CopyTo(into);
        }
    }
}
