namespace ExpEther.Pcie.Tlp;

/// <summary>FetchAdd, Swap or compare-and-swap (PCIe 5.0 §6.15).</summary>
/// <param name="Kind">One of the three.</param>
/// <param name="Requester">Who asks.</param>
/// <param name="Tag">Names the transaction.</param>
/// <param name="Address">Aligned to the operand.</param>
public readonly record struct AtomicRequest(TlpKind Kind, Rid Requester, Tag Tag, ulong Address)
{
    /// <param name="into">Room for the whole TLP.</param>
    /// <param name="operands">One operand of 4 or 8 bytes; for compare-and-swap the compare and the swap operand, 4, 8 or 16 bytes each.</param>
    public int Write(Span<byte> into, ReadOnlySpan<byte> operands)
    {
        var type = Kind switch
        {
            TlpKind.FetchAdd => 0b01100,
            TlpKind.Swap => 0b01101,
            _ => 0b01110,
        };
        Check.That(Kind is TlpKind.FetchAdd or TlpKind.Swap or TlpKind.CompareAndSwap);
        Check.That(operands.Length is 4 or 8 or 16 or 32 && (Address & 3) == 0);
        TlpHeader.WriteDw0(
            into, TlpHeader.FmtData | type | (Address > uint.MaxValue ? TlpHeader.Fmt4Dw : 0), operands.Length / 4, Tag, TlpAttributes.None, 0);
        TlpHeader.WriteRequester(into, Requester, Tag, 0);
        var header = TlpHeader.WriteAddress(into, Address);
        operands.CopyTo(into[header..]);
        return header + operands.Length;
    }
}
