using System.Buffers.Binary;

namespace ExpEther.Pcie.Tlp;

/// <summary>A completion, with or without data (PCIe 5.0 §2.2.9).</summary>
/// <param name="Completer">Who answers.</param>
/// <param name="Requester">Who asked.</param>
/// <param name="Tag">The request's.</param>
/// <param name="Status">Only a successful one has data.</param>
/// <param name="ByteCount">Bytes still owed, this completion's included: 1 to 4096; 4 for a configuration request.</param>
/// <param name="LowerAddress">Bits 6:0 of the first enabled byte; 0 but for memory reads.</param>
/// <param name="Attributes">No snoop, ordering and the like, as the request had them.</param>
/// <param name="TrafficClass">As the request had it.</param>
public readonly record struct Completion(
    Rid Completer, Rid Requester, Tag Tag, CompletionStatus Status, int ByteCount = 4, int LowerAddress = 0,
    TlpAttributes Attributes = TlpAttributes.None, int TrafficClass = 0)
{
    /// <summary>The answer that has no data: refusals, and the end of a configuration write.</summary>
    public static Completion To(in TlpView request, Rid completer, CompletionStatus status) => new(
        completer, request.Requester, request.Tag, status,
        request.Kind == TlpKind.MemoryRead || request.IsAtomic ? request.ByteLength : 4,
        request.Kind == TlpKind.MemoryRead ? (int)(request.FirstByteAddress & 0x7F) : 0,
        request.Attributes & ~(TlpAttributes.Poisoned | TlpAttributes.Digest), request.TrafficClass);

    /// <summary>
    /// The answer to bytes that <see cref="TlpView.TryParse"/> refused although they are a whole request: I/O and locked reads are not
    /// carried, but whoever sent one waits for Unsupported Request (PCIe 5.0 §2.3.1).
    /// </summary>
    /// <returns>False: they are owed no answer.</returns>
    public static bool TryRefuse(ReadOnlySpan<byte> bytes, Rid completer, out Completion completion)
    {
        var isRequest = TlpView.TryParseUnserved(bytes, out var request);
        completion = isRequest ? To(request, completer, CompletionStatus.UnsupportedRequest) : default;
        return isRequest;
    }

    public int Write(Span<byte> into) => TlpHeader.Finish(into, WriteHeader(into, 0b01010, 0));

    /// <param name="into">Room for the whole TLP.</param>
    /// <param name="data">Whole DWs: the bytes of the first DW before the first enabled one are there too, with any content.</param>
    public int Write(Span<byte> into, ReadOnlySpan<byte> data)
    {
        Check.That(Status == CompletionStatus.SuccessfulCompletion);
        Check.That(data.Length is > 0 and <= TlpLimits.PayloadBytesMax && (data.Length & 3) == 0);
        WriteHeader(into, TlpHeader.FmtData | 0b01010, data.Length / 4);
        data.CopyTo(into[12..]);
        return TlpHeader.Finish(into, 12 + data.Length);
    }

    private int WriteHeader(Span<byte> into, int fmtType, int lengthDw)
    {
        Check.That(ByteCount is > 0 and <= 4096);
        TlpHeader.WriteDw0(into, fmtType, lengthDw, Tag, Attributes, TrafficClass);
        BinaryPrimitives.WriteUInt16BigEndian(into[4..], Completer.Value);
        into[6] = (byte)(((int)Status << 5) | ((ByteCount >> 8) & 0xF));
        into[7] = (byte)ByteCount;
        BinaryPrimitives.WriteUInt16BigEndian(into[8..], Requester.Value);
        into[10] = (byte)Tag.Value;
        into[11] = (byte)(LowerAddress & 0x7F);
        return 12;
    }
}
