namespace ExpEther.Pcie.Tlp;

/// <summary>What a well-formed TLP must hold beside its size (PCIe 5.0 §2.2.4 to §2.2.9, §6.15).</summary>
internal static class TlpRules
{
    public static TlpError Check(in TlpView tlp) => tlp.Kind switch
    {
        TlpKind.MemoryRead or TlpKind.MemoryWrite => CheckMemory(tlp),
        TlpKind.FetchAdd or TlpKind.Swap => CheckAtomic(tlp, tlp.LengthDw * 4, 4, 8),
        TlpKind.CompareAndSwap => CheckAtomic(tlp, tlp.LengthDw * 2, 4, 16),
        TlpKind.ConfigRead0 or TlpKind.ConfigRead1 or TlpKind.ConfigWrite0 or TlpKind.ConfigWrite1 => CheckConfig(tlp),
        TlpKind.Completion or TlpKind.CompletionWithData => CheckCompletion(tlp),
        _ => TlpError.None,
    };

    private static TlpError CheckMemory(in TlpView tlp)
    {
        var error = CheckAddress(tlp);
        if (error != TlpError.None)
        {
            return error;
        }

        if (!ByteEnablesAreLegal(tlp))
        {
            return TlpError.BadByteEnables;
        }

        var first = tlp.Address & (TlpLimits.RequestBoundaryBytes - 1);
        return first + ((ulong)tlp.LengthDw * 4) > TlpLimits.RequestBoundaryBytes ? TlpError.Crosses4K : TlpError.None;
    }

    // §2.2.5: one DW has only first byte enables; more have both; three or more, and two that are not a QW, are contiguous.
    private static bool ByteEnablesAreLegal(in TlpView tlp)
    {
        var first = tlp.FirstByteEnables;
        var last = tlp.LastByteEnables;
        if (tlp.LengthDw == 1)
        {
            return last == 0;
        }

        if (first == 0 || last == 0)
        {
            return false;
        }

        return (tlp.LengthDw == 2 && (tlp.Address & 7) == 0)
            || (first is 0b1000 or 0b1100 or 0b1110 or 0b1111 && last is 0b0001 or 0b0011 or 0b0111 or 0b1111);
    }

    private static TlpError CheckAtomic(in TlpView tlp, int operandBytes, int bytesMin, int bytesMax)
    {
        if (operandBytes < bytesMin || operandBytes > bytesMax || (operandBytes & (operandBytes - 1)) != 0)
        {
            return TlpError.BadLength;
        }

        var error = CheckAddress(tlp);
        if (error != TlpError.None)
        {
            return error;
        }

        // §2.2.7: the address is naturally aligned to the operand.
        return (tlp.Address & (ulong)(operandBytes - 1)) != 0 ? TlpError.BadAddress : TlpError.None;
    }

    private static TlpError CheckAddress(in TlpView tlp)
    {
        if ((tlp.Bytes[2] & 0x0C) != 0)
        {
            return TlpError.TranslatedAddress;
        }

        return tlp.HeaderBytes == 16 && tlp.Address < 1UL << 32 ? TlpError.BadAddress : TlpError.None;
    }

    private static TlpError CheckConfig(in TlpView tlp)
    {
        if (tlp.LengthDw != 1)
        {
            return TlpError.BadLength;
        }

        if (tlp.LastByteEnables != 0)
        {
            return TlpError.BadByteEnables;
        }

        return tlp.TrafficClass != 0 || (tlp.Bytes[2] & 0x0C) != 0 ? TlpError.BadField : TlpError.None;
    }

    // Data comes with success only (§2.2.9), and never more of it than the DWs that the bytes still owed lie in: whoever copies it relies on that.
    private static TlpError CheckCompletion(in TlpView tlp)
    {
        if (tlp.Kind == TlpKind.Completion)
        {
            return TlpError.None;
        }

        if (tlp.Status != CompletionStatus.SuccessfulCompletion)
        {
            return TlpError.BadField;
        }

        return tlp.Payload.Length > (((tlp.LowerAddress & 3) + tlp.ByteCount + 3) & ~3) ? TlpError.BadLength : TlpError.None;
    }
}
