namespace ExpEther.Pcie.Tlp;

/// <summary>Byte enables and DW length of a contiguous run of bytes (PCIe 5.0 §2.2.5).</summary>
internal readonly record struct ByteEnables(int First, int Last, int LengthDw)
{
    public byte AsField => (byte)((Last << 4) | First);

    /// <summary>A run of <paramref name="bytes"/> (0: the zero-length form) from <paramref name="address"/>.</summary>
    public static ByteEnables For(ulong address, int bytes)
    {
        if (bytes == 0)
        {
            return new ByteEnables(0, 0, 1);
        }

        var offset = (int)(address & 3);
        var lengthDw = (offset + bytes + 3) / 4;
        var first = (0xF << offset) & 0xF;
        var last = 0xF >> ((lengthDw * 4) - offset - bytes);
        return lengthDw == 1 ? new ByteEnables(first & last, 0, 1) : new ByteEnables(first, last, lengthDw);
    }
}
