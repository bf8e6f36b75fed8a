using System.Buffers.Binary;

namespace ExpEther.Nvme.Protocol;

/// <summary>A range of a Dataset Management command, 16 bytes (NVMe 1.4 §6.7).</summary>
/// <param name="StartingLba">First block.</param>
/// <param name="Blocks">How many; 0 is a range of nothing.</param>
/// <param name="ContextAttributes">Hints about how the range is used; nothing here uses them.</param>
public readonly record struct DatasetRange(ulong StartingLba, uint Blocks, uint ContextAttributes = 0)
{
    public const int Bytes = 16;
    public const int BlocksOffset = 4;
    public const int StartingLbaOffset = 8;

    /// <summary>Ranges of one command.</summary>
    public const int CountMax = 256;

    public static DatasetRange Read(ReadOnlySpan<byte> from) => new(
        BinaryPrimitives.ReadUInt64LittleEndian(from[StartingLbaOffset..]),
        BinaryPrimitives.ReadUInt32LittleEndian(from[BlocksOffset..]),
        BinaryPrimitives.ReadUInt32LittleEndian(from));

    public void Write(Span<byte> into)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(into, ContextAttributes);
        BinaryPrimitives.WriteUInt32LittleEndian(into[BlocksOffset..], Blocks);
        BinaryPrimitives.WriteUInt64LittleEndian(into[StartingLbaOffset..], StartingLba);
    }
}
