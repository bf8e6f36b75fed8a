using System.Buffers.Binary;
using System.Numerics;

namespace ExpEther.Simulation;

/// <summary>
/// A number that two runs share only if every frame and every result was the same, in the same order and at the same time. Not
/// cryptographic.
/// </summary>
internal sealed class RunHash
{
    private const ulong Prime = 0x9E3779B97F4A7C15;

    public ulong Value { get; private set; } = 0xCBF29CE484222325;

    public void Add(ulong value) => Value = BitOperations.RotateLeft((Value ^ value) * Prime, 29) + value;

    public void Add(ReadOnlySpan<byte> bytes)
    {
        Add((ulong)bytes.Length);
        while (bytes.Length >= 8)
        {
            Add(BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[8..];
        }

        foreach (var one in bytes)
        {
            Add(one);
        }
    }
}
