using System.Buffers.Binary;
using System.Numerics;

namespace ExpEther.Link.Wire;

/// <summary>
/// CRC-32C of long data, three lanes at once. A processor's CRC instruction takes three cycles before its result can be used and can begin another
/// one every cycle, so one lane leaves two thirds of it idle.
/// <para>
/// Theory: the CRC is linear. That of A ‖ B ‖ C is the CRC of A followed by as many zeros as B and C have, XOR that of B followed by as many as C has, XOR
/// that of C. "Followed by n zeros" is a linear map of 32 bits, kept as four tables of 256.
/// </para>
/// </summary>
internal sealed class Crc32CLanes
{
    private const int Lanes = 3;

    /// <summary>For the frames of a large MTU.</summary>
    public static readonly Crc32CLanes Long = new(1024);

    /// <summary>For what is left of them, and for small ones.</summary>
    public static readonly Crc32CLanes Short = new(128);

    private readonly int _laneBytes;
    private readonly uint[] _shift = new uint[4 * 256];

    private Crc32CLanes(int laneBytes)
    {
        _laneBytes = laneBytes;
        for (var place = 0; place < 4; place++)
        {
            for (var octet = 0U; octet < 256; octet++)
            {
                var crc = octet << (8 * place);
                for (var i = 0; i < laneBytes; i += sizeof(ulong))
                {
                    crc = BitOperations.Crc32C(crc, 0UL);
                }

                _shift[(place << 8) + (int)octet] = crc;
            }
        }
    }

    /// <summary>What is taken at once.</summary>
    public int BlockBytes => Lanes * _laneBytes;

    /// <summary>Takes as many whole blocks as there are.</summary>
    public void Take(ref uint crc, ref ReadOnlySpan<byte> data)
    {
        while (data.Length >= BlockBytes)
        {
            var first = data[.._laneBytes];
            var second = data.Slice(_laneBytes, first.Length);
            var third = data.Slice(2 * _laneBytes, first.Length);
            uint a = crc, b = 0, c = 0;
            for (var i = 0; i <= first.Length - sizeof(ulong); i += sizeof(ulong))
            {
                a = BitOperations.Crc32C(a, BinaryPrimitives.ReadUInt64LittleEndian(first[i..]));
                b = BitOperations.Crc32C(b, BinaryPrimitives.ReadUInt64LittleEndian(second[i..]));
                c = BitOperations.Crc32C(c, BinaryPrimitives.ReadUInt64LittleEndian(third[i..]));
            }

            crc = Shift(Shift(a) ^ b) ^ c;
            data = data[BlockBytes..];
        }
    }

    private uint Shift(uint crc) =>
        _shift[crc & 0xFF] ^ _shift[256 + ((crc >> 8) & 0xFF)] ^ _shift[512 + ((crc >> 16) & 0xFF)] ^ _shift[768 + (crc >> 24)];
}
