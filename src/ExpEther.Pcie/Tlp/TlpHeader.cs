using System.Buffers.Binary;

namespace ExpEther.Pcie.Tlp;

/// <summary>Writes the parts that all headers share (PCIe 5.0 §2.2.1). Bytes go out in the specification's order, most significant first.</summary>
internal static class TlpHeader
{
    public const int Fmt4Dw = 0x20;
    public const int FmtData = 0x40;

    /// <summary>TD: a digest follows (§2.2.1).</summary>
    public static bool HasDigest(ReadOnlySpan<byte> header) => (header[2] & 0x80) != 0;

    public static void WriteDw0(Span<byte> into, int fmtType, int lengthDw, Tag tag, TlpAttributes attributes, int trafficClass)
    {
        var bits = (int)attributes;
        into[0] = (byte)fmtType;
        into[1] = (byte)(((tag.Value & 0x200) >> 2) | (trafficClass << 4) | ((tag.Value & 0x100) >> 5) | (bits & 4));
        into[2] = (byte)(((bits & 0x10) << 3) | ((bits & 8) << 3) | ((bits & 3) << 4) | ((lengthDw >> 8) & 3));
        into[3] = (byte)lengthDw;
    }

    public static void WriteRequester(Span<byte> into, Rid requester, Tag tag, byte last)
    {
        BinaryPrimitives.WriteUInt16BigEndian(into[4..], requester.Value);
        into[6] = (byte)tag.Value;
        into[7] = last;
    }

    /// <summary>Below 4 GB an address has one DW, above it two (§2.2.4.1).</summary>
    /// <returns>Header bytes, 12 or 16.</returns>
    public static int WriteAddress(Span<byte> into, ulong address)
    {
        if (address <= uint.MaxValue)
        {
            BinaryPrimitives.WriteUInt32BigEndian(into[8..], (uint)address & ~3U);
            return 12;
        }

        BinaryPrimitives.WriteUInt64BigEndian(into[8..], address & ~3UL);
        return 16;
    }

    /// <summary>Adds the digest where the attributes ask for it. Returns the whole length.</summary>
    public static int Finish(Span<byte> into, int length)
    {
        if (!HasDigest(into))
        {
            return length;
        }

        BinaryPrimitives.WriteUInt32LittleEndian(into[length..], Ecrc.Compute(into[..length]));
        return length + TlpLimits.DigestBytes;
    }
}
