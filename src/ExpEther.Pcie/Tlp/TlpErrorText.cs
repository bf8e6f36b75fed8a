namespace ExpEther.Pcie.Tlp;

/// <summary>What is wrong with bytes that are no TLP, in a sentence.</summary>
public static class TlpErrorText
{
    /// <param name="error">As <see cref="TlpView.TryParse"/> said.</param>
    /// <param name="tlp">The bytes that it was given.</param>
    public static string Explain(TlpError error, ReadOnlySpan<byte> tlp) => error switch
    {
        TlpError.None => "nothing is wrong",
        TlpError.Truncated when tlp.Length < TlpLimits.HeaderBytesMin => $"{tlp.Length} bytes: a header has at least {TlpLimits.HeaderBytesMin}",
        TlpError.Truncated or TlpError.TrailingBytes => $"{tlp.Length} bytes, but the header says {Expected(tlp)}: {Parts(tlp)}",
        TlpError.UnknownType => $"Fmt {tlp[0] >> 5} with Type 0x{tlp[0] & 0x1F:x} is nothing that PCIe 5.0 defines",
        TlpError.IoUnsupported => "a request to I/O space, which this fabric does not carry",
        TlpError.LockedUnsupported => "a locked request or completion, which this fabric does not carry",
        TlpError.UnknownPrefix => "a TLP prefix, which this fabric does not carry",
        TlpError.BadByteEnables => "the byte enables are against §2.2.5: one DW has no Last DW BE, more have both, and they leave no gap",
        TlpError.BadLength => "this kind does not allow the Length (§2.2.7, §6.15.2), or there is more data than Byte Count says (§2.2.9)",
        TlpError.Crosses4K => "the request crosses a 4 KB boundary (§2.2.7)",
        TlpError.BadAddress => "a 4 DW header with an address below 4 GB (§2.2.4.1), or an atomic that is not aligned to its operand (§2.2.7)",
        TlpError.BadField => "a field must be something else: TC and AT of a configuration request are 0, data comes with a successful completion only",
        TlpError.BadEcrc => "the digest (ECRC) does not match (§2.7.1)",
        _ => "AT is not 'untranslated': ATS is not offered (§2.2.4.1)",
    };

    private static int Expected(ReadOnlySpan<byte> tlp) => HeaderBytes(tlp) + DataBytes(tlp) + DigestBytes(tlp);

    private static string Parts(ReadOnlySpan<byte> tlp) =>
        $"{HeaderBytes(tlp)} of header{(DataBytes(tlp) > 0 ? $", {DataBytes(tlp)} of data" : "")}"
        + $"{(DigestBytes(tlp) > 0 ? $", {DigestBytes(tlp)} of digest" : "")}";

    private static int HeaderBytes(ReadOnlySpan<byte> tlp) => (tlp[0] & 0x20) != 0 ? 16 : 12;

    private static int DataBytes(ReadOnlySpan<byte> tlp)
    {
        var coded = ((tlp[2] & 3) << 8) | tlp[3];
        return (tlp[0] & 0x40) == 0 ? 0 : (coded == 0 ? 1024 : coded) * 4;
    }

    private static int DigestBytes(ReadOnlySpan<byte> tlp) => (tlp[2] & 0x80) != 0 ? TlpLimits.DigestBytes : 0;
}
