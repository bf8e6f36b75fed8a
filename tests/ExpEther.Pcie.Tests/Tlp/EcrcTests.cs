using CsCheck;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Pcie.Tests;

public class EcrcTests
{
    [Fact]
    public void Digest_is_the_CRC_32_of_IEEE_802_3_over_the_TLP_with_its_variant_bits_set()
    {
        // "123456789" has the CRC-32 check value CBF43926h; its first byte has bit 0 and its third bit 6 cleared here, which count as 1.
        byte[] text = [(byte)'0', (byte)'2', (byte)'3', (byte)'4', (byte)'5', (byte)'6', (byte)'7', (byte)'8', (byte)'9'];
        text[0] = (byte)'1' & 0xFE;
        Assert.Equal(Crc32([(byte)'1', (byte)'2', (byte)('3' | 0x40), (byte)'4', (byte)'5', (byte)'6', (byte)'7', (byte)'8', (byte)'9']), Ecrc.Compute(text));
    }

    [Fact]
    public void Reference_itself_has_the_published_check_value() => Assert.Equal(0xCBF43926U, Crc32("123456789"u8));

    [Fact]
    public void Digest_bytes_leave_least_significant_first()
    {
        // §2.7.1 maps result bits 7:0 mirrored to digest bits 31:24, which is the CRC of Ethernet as it is sent: low byte first.
        var bytes = TlpSample.Written(into => new MemoryWrite(new Rid(1, 0, 0), 0x1000, TlpAttributes.Digest).Write(into, [1, 2, 3, 4]));
        var covered = bytes[..^4];
        covered[0] |= 1;
        covered[2] |= 0x40;
        Assert.Equal(BitConverter.GetBytes(Crc32(covered)), bytes[^4..]);
    }

    [Fact]
    public void Any_flipped_bit_but_the_two_variant_ones_is_found() =>
        Gen.Select(TlpSample.MemoryWrite, Gen.UInt).Sample((bytes, where) =>
        {
            if (!TlpSample.Parsed(bytes).HasDigest)
            {
                return;
            }

            var bit = (int)(where % (uint)(bytes.Length * 8));
            var damaged = (byte[])bytes.Clone();
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            if (TlpView.TryParse(damaged, out var tlp) == TlpError.None && tlp.HasDigest)
            {
                Assert.Equal(bit == 16 + 6, tlp.HasValidEcrc);
            }
        }, iter: 2_000);

    // Bit by bit, unlike the table that is tested.
    private static uint Crc32(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var b in bytes)
        {
            for (var bit = 0; bit < 8; bit++)
            {
                var mix = ((crc >> 31) ^ (uint)(b >> bit)) & 1;
                crc = (crc << 1) ^ (mix * 0x04C11DB7);
            }
        }

        uint mirrored = 0;
        for (var bit = 0; bit < 32; bit++)
        {
            mirrored |= ((crc >> bit) & 1) << (31 - bit);
        }

        return ~mirrored;
    }
}
