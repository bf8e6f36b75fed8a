using System.Buffers.Binary;
using System.Numerics;

namespace ExpEther.Link.Wire;

/// <summary>CRC-32C (Castagnoli, reflected, initial value and final XOR all ones), as iSCSI uses it (RFC 3720 appendix B.4).</summary>
public static class Crc32C
{
    public const int Bytes = 4;

    /// <summary>What <see cref="Continue"/> begins with.</summary>
    public const uint Start = uint.MaxValue;

    public static uint Compute(ReadOnlySpan<byte> data) => ~Continue(Start, data);

    /// <summary>Takes more bytes in; the checksum is the complement of the last result.</summary>
    public static uint Continue(uint crc, ReadOnlySpan<byte> data)
    {
        if (data.Length >= Crc32CLanes.Short.BlockBytes)
        {
            Crc32CLanes.Long.Take(ref crc, ref data);
            Crc32CLanes.Short.Take(ref crc, ref data);
        }

        while (data.Length >= 8)
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(data));
            data = data[8..];
        }

        foreach (var octet in data)
        {
            crc = BitOperations.Crc32C(crc, octet);
        }

        return crc;
    }
}
