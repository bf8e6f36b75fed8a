using System.Buffers.Binary;

namespace ExpEther.Simulation.Oracle;

/// <summary>The bytes of a block: they tell disk, place and version, and every byte of them depends on all three.</summary>
internal static class BlockPattern
{
    public const ulong NoVersion = ulong.MaxValue;

    /// <summary>Marks the version of a deallocation: the block is all zeroes, and does not tell which deallocation made it so.</summary>
    public const ulong Zeroes = 1UL << 63;

    public static bool IsZeroes(ulong version) => version != NoVersion && (version & Zeroes) != 0;

    public static void Write(Span<byte> block, int disk, int lba, ulong version)
    {
        BinaryPrimitives.WriteInt32LittleEndian(block, disk);
        BinaryPrimitives.WriteInt32LittleEndian(block[4..], lba);
        BinaryPrimitives.WriteUInt64LittleEndian(block[8..], version);
        new SeededRandom(KeyOf(disk, lba, version)).Fill(block[16..]);
    }

    /// <returns>The version; <see cref="Zeroes"/> for zeroes; <see cref="NoVersion"/>: not a block of this disk at this place, or a torn one.</returns>
    public static ulong Read(ReadOnlySpan<byte> block, int disk, int lba, Span<byte> scratch)
    {
        if (block.IndexOfAnyExcept((byte)0) < 0)
        {
            return Zeroes;
        }

        var version = BinaryPrimitives.ReadUInt64LittleEndian(block[8..]);
        if (BinaryPrimitives.ReadInt32LittleEndian(block) != disk || BinaryPrimitives.ReadInt32LittleEndian(block[4..]) != lba)
        {
            return NoVersion;
        }

        Write(scratch, disk, lba, version);
        return block.SequenceEqual(scratch[..block.Length]) ? version : NoVersion;
    }

    /// <summary>The disk and block that the bytes say they are of.</summary>
    public static (int Disk, int Lba) PlaceOf(ReadOnlySpan<byte> block) =>
        (BinaryPrimitives.ReadInt32LittleEndian(block), BinaryPrimitives.ReadInt32LittleEndian(block[4..]));

    public static string Describe(ReadOnlySpan<byte> block) =>
        $"disk {BinaryPrimitives.ReadInt32LittleEndian(block)} block {BinaryPrimitives.ReadInt32LittleEndian(block[4..])} "
        + $"version {BinaryPrimitives.ReadUInt64LittleEndian(block[8..])}, last bytes {Convert.ToHexString(block[^8..])}";

    private static ulong KeyOf(int disk, int lba, ulong version) => (version * 0x1_0000_01B3) ^ ((ulong)disk << 56) ^ ((ulong)lba << 40);
}
