namespace ExpEther.Pcie.Tlp;

/// <summary>
/// The end-to-end CRC of a TLP (PCIe 5.0 §2.7.1): polynomial 04C11DB7h, seed all ones, least significant bit of each byte first,
/// complemented. Type[0] and EP count as 1, since a switch may change them on the way.
/// The digest's four bytes are this value, least significant first.
/// </summary>
public static class Ecrc
{
    private static readonly uint[] Table = MakeTable();

    /// <param name="tlp">Header and payload, without the digest.</param>
    public static uint Compute(ReadOnlySpan<byte> tlp)
    {
        var crc = Step(uint.MaxValue, (byte)(tlp[0] | 0x01));
        crc = Step(crc, tlp[1]);
        crc = Step(crc, (byte)(tlp[2] | 0x40));
        foreach (var b in tlp[3..])
        {
            crc = Step(crc, b);
        }

        return ~crc;
    }

    private static uint Step(uint crc, byte b) => Table[(byte)(crc ^ b)] ^ (crc >> 8);

    private static uint[] MakeTable()
    {
        var table = new uint[256];
        for (uint i = 0; i < 256; i++)
        {
            var crc = i;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xEDB88320 : crc >> 1;
            }

            table[i] = crc;
        }

        return table;
    }
}
