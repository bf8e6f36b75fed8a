namespace ExpEther.Pcie.Tlp;

/// <summary>A memory write to a byte address; it never crosses 4 KB. The data is given when it is written.</summary>
public readonly record struct MemoryWrite(Rid Requester, ulong Address, TlpAttributes Attributes = TlpAttributes.None, int TrafficClass = 0)
{
    /// <param name="into">Room for the whole TLP.</param>
    /// <param name="data">1 to 4096 bytes.</param>
    /// <returns>Bytes written.</returns>
    public int Write(Span<byte> into, ReadOnlySpan<byte> data)
    {
        var room = WriteHeader(into, data.Length, out var length);
        data.CopyTo(room);
        return TlpHeader.Finish(into, length);
    }

    /// <summary>Writes all but the data, which the caller then puts into the returned span. Not for a TLP with a digest.</summary>
    /// <param name="into">Room for the whole TLP.</param>
    /// <param name="bytes">1 to 4096.</param>
    /// <param name="length">The whole TLP's length in bytes.</param>
    /// <returns>Where the data goes.</returns>
    public Span<byte> WriteHeader(Span<byte> into, int bytes, out int length)
    {
        Check.That(bytes > 0 && (Address & 0xFFF) + (ulong)bytes <= TlpLimits.RequestBoundaryBytes);
        var enables = ByteEnables.For(Address, bytes);
        var tag = new Tag(0);
        TlpHeader.WriteDw0(
            into, TlpHeader.FmtData | (Address > uint.MaxValue ? TlpHeader.Fmt4Dw : 0), enables.LengthDw, tag, Attributes, TrafficClass);
        TlpHeader.WriteRequester(into, Requester, tag, enables.AsField);
        var header = TlpHeader.WriteAddress(into, Address);
        length = header + (enables.LengthDw * 4);
        into.Slice(header, 4).Clear();
        into.Slice(length - 4, 4).Clear();
        return into.Slice(header + (int)(Address & 3), bytes);
    }
}
