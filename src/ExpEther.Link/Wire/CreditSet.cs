using System.Buffers.Binary;

namespace ExpEther.Link.Wire;

/// <summary>
/// Credits of the three classes: header credits count TLPs, data credits count units of 16 B (as PCIe 5.0 §2.6.1 has them). Counted
/// from the epoch's beginning, modulo 2^32, so that a lost record of them is made good by any later one.
/// </summary>
public readonly record struct CreditSet(
    uint PostedHeaders, uint PostedData, uint NonPostedHeaders, uint NonPostedData, uint CompletionHeaders, uint CompletionData)
{
    /// <summary>What a receiver grants at first unless configured otherwise.</summary>
    public static readonly CreditSet Default = new(
        LinkLimits.PostedHeaderCredits,
        LinkLimits.PostedDataCredits,
        LinkLimits.NonPostedHeaderCredits,
        LinkLimits.NonPostedDataCredits,
        LinkLimits.CompletionHeaderCredits,
        LinkLimits.CompletionDataCredits);

    public const int Bytes = 24;

    public static CreditSet Read(ReadOnlySpan<byte> from) => new(At(from, 0), At(from, 1), At(from, 2), At(from, 3), At(from, 4), At(from, 5));

    public void Write(Span<byte> into)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(into, PostedHeaders);
        BinaryPrimitives.WriteUInt32LittleEndian(into[4..], PostedData);
        BinaryPrimitives.WriteUInt32LittleEndian(into[8..], NonPostedHeaders);
        BinaryPrimitives.WriteUInt32LittleEndian(into[12..], NonPostedData);
        BinaryPrimitives.WriteUInt32LittleEndian(into[16..], CompletionHeaders);
        BinaryPrimitives.WriteUInt32LittleEndian(into[20..], CompletionData);
    }

    private static uint At(ReadOnlySpan<byte> from, int index) => BinaryPrimitives.ReadUInt32LittleEndian(from[(index * 4)..]);
}
