using System.Buffers.Binary;

namespace ExpEther.Pcie.Tlp;

/// <summary>A configuration write of one DW under byte enables. See <see cref="ConfigRead"/>.</summary>
/// <param name="Requester">Who writes.</param>
/// <param name="Tag">8-bit.</param>
/// <param name="Target">The function written.</param>
/// <param name="Register">Byte offset, DW aligned, 0 to 4092.</param>
/// <param name="Type1">Type 1 rather than type 0.</param>
/// <param name="Value">Little-endian, as the register: byte enable 0 is its bits 7:0.</param>
/// <param name="Enables">Which of the four bytes to write, bits 3:0.</param>
public readonly record struct ConfigWrite(Rid Requester, Tag Tag, Rid Target, int Register, bool Type1, uint Value, int Enables = 0xF)
{
    public int Write(Span<byte> into)
    {
        TlpHeader.WriteDw0(into, TlpHeader.FmtData | (Type1 ? 0b00101 : 0b00100), 1, Tag, TlpAttributes.None, 0);
        TlpHeader.WriteRequester(into, Requester, Tag, (byte)(Enables & 0xF));
        ConfigRead.WriteTarget(into, Target, Register);
        BinaryPrimitives.WriteUInt32LittleEndian(into[12..], Value);
        return 16;
    }
}
