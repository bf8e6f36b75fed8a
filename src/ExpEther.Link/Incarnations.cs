using System.Buffers.Binary;

namespace ExpEther.Link;

/// <summary>What tells one life of a bridge from another, and from a second bridge of the same name.</summary>
public static class Incarnations
{
    /// <returns>Random, never 0.</returns>
    public static ulong Draw(IRandomSource random)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        random.Fill(bytes);
        return Math.Max(BinaryPrimitives.ReadUInt64LittleEndian(bytes), 1);
    }
}
