using System.Buffers.Binary;
using System.Security.Cryptography;
using ExpEther.Nvme.Pool;
using ExpEther.Simulation.Storage;

namespace ExpEther.Simulation.Faults;

/// <summary>
/// A medium that changes a bit by itself while a box is down, in one of the two copies of a pool's metadata. Only where both are whole, by the
/// format's own description (docs/nvme.md): a pool promises to survive the loss of one.
/// </summary>
internal sealed class PoolRot(SeededRandom random)
{
    private const int LengthOffset = 16;
    private const int HashOffset = 40;

    /// <returns>What rotted, in words; empty: nothing.</returns>
    public string Strike(SimDisk pool)
    {
        // What is cached counts as well: of a box that was killed it is what its next life reads.
        if (random.Chance(0.4) || BytesOf(pool.Stable, 0) is not { } first || BytesOf(pool.Stable, 1) is not { } second
            || BytesOf(pool.Seen, 0) is null || BytesOf(pool.Seen, 1) is null)
        {
            return "";
        }

        var copy = random.Next(2);
        var bit = random.Next((copy == 0 ? first : second) * 8);
        pool.Flip(((long)copy * PoolLimits.MetadataBytes * 8) + bit);
        return $"bit {bit} of copy {copy} of the pool's metadata";
    }

    /// <summary>How long a copy of the metadata is; null: it is not whole.</summary>
    private static int? BytesOf(ReadOnlySpan<byte> pool, int copy)
    {
        var image = pool.Slice(copy * PoolLimits.MetadataBytes, PoolLimits.MetadataBytes).ToArray();
        var bytes = BinaryPrimitives.ReadInt32LittleEndian(image.AsSpan(LengthOffset));
        if (bytes < HashOffset + SHA256.HashSizeInBytes || bytes > image.Length)
        {
            return null;
        }

        var hash = image.AsSpan(HashOffset, SHA256.HashSizeInBytes).ToArray();
        image.AsSpan(HashOffset, SHA256.HashSizeInBytes).Clear();
        return SHA256.HashData(image.AsSpan(0, bytes)).AsSpan().SequenceEqual(hash) ? bytes : null;
    }
}
