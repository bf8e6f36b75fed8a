using System.Buffers.Binary;

namespace ExpEther.Pcie.Tlp;

/// <summary>
/// Makes the TLP that goes on from the one that came: other IDs, another address. The header grows or shrinks when an address crosses
/// 4 GB (PCIe 5.0 §2.2.4.1); a digest is made anew (check <see cref="TlpView.HasValidEcrc"/> first: a bad one must not be laundered);
/// everything else, EP included, stays. The two buffers do not overlap. Where nothing but IDs changes, a TLP in a buffer of one's own is
/// rewritten where it lies.
/// </summary>
public static class TlpRewriter
{
    /// <summary>A memory request or atomic with another requester and address.</summary>
    /// <returns>Bytes written.</returns>
    public static int WithAddress(in TlpView tlp, Rid requester, ulong address, Span<byte> into)
    {
        Check.That(tlp.IsMemory);
        tlp.Bytes[..8].CopyTo(into);
        into[0] = (byte)((into[0] & ~TlpHeader.Fmt4Dw) | (address > uint.MaxValue ? TlpHeader.Fmt4Dw : 0));
        BinaryPrimitives.WriteUInt16BigEndian(into[4..], requester.Value);
        var header = TlpHeader.WriteAddress(into, address);
        // The two bits under a DW address are the processing hint of a TLP with TH (§2.2.7.1.1), else reserved: not ours to change.
        into[header - 1] |= (byte)(tlp.Bytes[tlp.HeaderBytes - 1] & 3);
        var payload = tlp.Payload;
        payload.CopyTo(into[header..]);
        return TlpHeader.Finish(into, header + payload.Length);
    }

    /// <summary>A request or message with another requester.</summary>
    public static int WithRequester(in TlpView tlp, Rid requester, Span<byte> into)
    {
        Check.That(!tlp.IsCompletion);
        var length = CopyWithoutDigest(tlp, into);
        BinaryPrimitives.WriteUInt16BigEndian(into[4..], requester.Value);
        return TlpHeader.Finish(into, length);
    }

    /// <summary>A configuration request with another requester, target and type.</summary>
    public static int WithTarget(in TlpView tlp, Rid requester, Rid target, bool type1, Span<byte> into)
    {
        Check.That(tlp.IsConfig);
        var length = CopyWithoutDigest(tlp, into);
        into[0] = (byte)((into[0] & 0xFE) | (type1 ? 1 : 0));
        BinaryPrimitives.WriteUInt16BigEndian(into[4..], requester.Value);
        BinaryPrimitives.WriteUInt16BigEndian(into[8..], target.Value);
        return TlpHeader.Finish(into, length);
    }

    /// <summary>A completion with both IDs swapped.</summary>
    public static int WithIds(in TlpView tlp, Rid completer, Rid requester, Span<byte> into)
    {
        Check.That(tlp.IsCompletion);
        var length = CopyWithoutDigest(tlp, into);
        BinaryPrimitives.WriteUInt16BigEndian(into[4..], completer.Value);
        BinaryPrimitives.WriteUInt16BigEndian(into[8..], requester.Value);
        return TlpHeader.Finish(into, length);
    }

    /// <summary>Gives a request or message another requester where it lies.</summary>
    /// <param name="tlp">Exactly one TLP, parsed before.</param>
    /// <param name="requester">The new one.</param>
    public static void SetRequester(Span<byte> tlp, Rid requester)
    {
        BinaryPrimitives.WriteUInt16BigEndian(tlp[4..], requester.Value);
        RenewDigest(tlp);
    }

    /// <summary>Gives a completion other IDs where it lies.</summary>
    /// <param name="tlp">Exactly one completion, parsed before.</param>
    /// <param name="completer">The new one.</param>
    /// <param name="requester">The new one.</param>
    public static void SetIds(Span<byte> tlp, Rid completer, Rid requester)
    {
        BinaryPrimitives.WriteUInt16BigEndian(tlp[4..], completer.Value);
        BinaryPrimitives.WriteUInt16BigEndian(tlp[8..], requester.Value);
        RenewDigest(tlp);
    }

    private static void RenewDigest(Span<byte> tlp)
    {
        if (TlpHeader.HasDigest(tlp))
        {
            var body = tlp[..^TlpLimits.DigestBytes];
            BinaryPrimitives.WriteUInt32LittleEndian(tlp[body.Length..], Ecrc.Compute(body));
        }
    }

    private static int CopyWithoutDigest(in TlpView tlp, Span<byte> into)
    {
        var length = tlp.Bytes.Length - (tlp.HasDigest ? TlpLimits.DigestBytes : 0);
        tlp.Bytes[..length].CopyTo(into);
        return length;
    }
}
