namespace ExpEther.Pcie.Tlp;

/// <summary>A memory read of <paramref name="Bytes"/> bytes (0 to 4096, 0 being the flush) from a byte address; it never crosses 4 KB.</summary>
public readonly record struct MemoryRead(
    Rid Requester, Tag Tag, ulong Address, int Bytes, TlpAttributes Attributes = TlpAttributes.None, int TrafficClass = 0)
{
    /// <returns>Bytes written.</returns>
    public int Write(Span<byte> into)
    {
        Check.That(Bytes >= 0 && (Address & 0xFFF) + (ulong)Bytes <= TlpLimits.RequestBoundaryBytes);
        var enables = ByteEnables.For(Address, Bytes);
        TlpHeader.WriteDw0(into, Address > uint.MaxValue ? TlpHeader.Fmt4Dw : 0, enables.LengthDw, Tag, Attributes, TrafficClass);
        TlpHeader.WriteRequester(into, Requester, Tag, enables.AsField);
        return TlpHeader.Finish(into, TlpHeader.WriteAddress(into, Address));
    }
}
