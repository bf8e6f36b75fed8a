using System.Buffers.Binary;

namespace ExpEther.Pcie.Tlp;

/// <summary>A configuration read of one DW. <paramref name="Type1"/>: for a bridge to pass on (PCIe 5.0 §7.3.3).</summary>
/// <param name="Requester">Who asks.</param>
/// <param name="Tag">8-bit.</param>
/// <param name="Target">The function asked.</param>
/// <param name="Register">Byte offset, DW aligned, 0 to 4092.</param>
/// <param name="Type1">Type 1 rather than type 0.</param>
public readonly record struct ConfigRead(Rid Requester, Tag Tag, Rid Target, int Register, bool Type1)
{
    public int Write(Span<byte> into)
    {
        TlpHeader.WriteDw0(into, Type1 ? 0b00101 : 0b00100, 1, Tag, TlpAttributes.None, 0);
        TlpHeader.WriteRequester(into, Requester, Tag, 0xF);
        return WriteTarget(into, Target, Register);
    }

    internal static int WriteTarget(Span<byte> into, Rid target, int register)
    {
        Check.That((register & ~0xFFC) == 0);
        BinaryPrimitives.WriteUInt16BigEndian(into[8..], target.Value);
        BinaryPrimitives.WriteUInt16BigEndian(into[10..], (ushort)register);
        return 12;
    }
}
