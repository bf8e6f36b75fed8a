using ExpEther.Pcie.Tlp;

namespace ExpEther.Pcie.Tests;

/// <summary>Byte Count and Lower Address from the byte enables, row by row (PCIe 5.0 §2.2.9, the two tables there).</summary>
public class ByteCountTableTests
{
    [Theory]
    [InlineData(0b1001, 0, 1, 4, 0)]
    [InlineData(0b1101, 0, 1, 4, 0)]
    [InlineData(0b0101, 0, 1, 3, 0)]
    [InlineData(0b0111, 0, 1, 3, 0)]
    [InlineData(0b1010, 0, 1, 3, 1)]
    [InlineData(0b1110, 0, 1, 3, 1)]
    [InlineData(0b0011, 0, 1, 2, 0)]
    [InlineData(0b0110, 0, 1, 2, 1)]
    [InlineData(0b1100, 0, 1, 2, 2)]
    [InlineData(0b0001, 0, 1, 1, 0)]
    [InlineData(0b0010, 0, 1, 1, 1)]
    [InlineData(0b0100, 0, 1, 1, 2)]
    [InlineData(0b1000, 0, 1, 1, 3)]
    [InlineData(0b0000, 0, 1, 1, 0)]
    [InlineData(0b1111, 0b1111, 4, 16, 0)]
    [InlineData(0b1111, 0b0111, 4, 15, 0)]
    [InlineData(0b1111, 0b0011, 4, 14, 0)]
    [InlineData(0b1111, 0b0001, 4, 13, 0)]
    [InlineData(0b1110, 0b1111, 4, 15, 1)]
    [InlineData(0b1110, 0b0111, 4, 14, 1)]
    [InlineData(0b1110, 0b0011, 4, 13, 1)]
    [InlineData(0b1110, 0b0001, 4, 12, 1)]
    [InlineData(0b1100, 0b1111, 4, 14, 2)]
    [InlineData(0b1100, 0b0111, 4, 13, 2)]
    [InlineData(0b1100, 0b0011, 4, 12, 2)]
    [InlineData(0b1100, 0b0001, 4, 11, 2)]
    [InlineData(0b1000, 0b1111, 4, 13, 3)]
    [InlineData(0b1000, 0b0111, 4, 12, 3)]
    [InlineData(0b1000, 0b0011, 4, 11, 3)]
    [InlineData(0b1000, 0b0001, 4, 10, 3)]
    // A QW may have holes.
    [InlineData(0b0101, 0b1010, 2, 8, 0)]
    [InlineData(0b0010, 0b0100, 2, 6, 1)]
    public void Read_asks_for_the_bytes_of_the_table(int first, int last, int lengthDw, int byteCount, int lowerAddress)
    {
        var bytes = TlpSample.Written(into => new MemoryRead(new Rid(1, 0, 0), new Tag(5), 0x1000, lengthDw * 4).Write(into));
        bytes[7] = (byte)((last << 4) | first);
        var request = TlpSample.Parsed(bytes);
        Assert.Equal(byteCount, request.ByteLength);

        var refusal = Completion.To(request, new Rid(2, 0, 0), CompletionStatus.UnsupportedRequest);
        Assert.Equal(byteCount, refusal.ByteCount);
        Assert.Equal(lowerAddress, refusal.LowerAddress);

        var splitter = new CompletionSplitter(request, 128, 64);
        var piece = splitter.Next();
        Assert.Equal(byteCount, piece.ByteCount);
        Assert.Equal(lowerAddress, piece.LowerAddress);
        Assert.Equal(lengthDw * 4, piece.PayloadBytes);
        Assert.True(splitter.IsDone);
    }

    [Fact]
    public void Answers_to_other_requests_say_4_bytes_at_0()
    {
        var config = TlpSample.Parsed(TlpSample.Written(into => new ConfigRead(new Rid(1, 0, 0), new Tag(5), new Rid(2, 0, 0), 0x3C, false).Write(into)));
        var completion = Completion.To(config, new Rid(2, 0, 0), CompletionStatus.ConfigurationRequestRetry);
        Assert.Equal((4, 0), (completion.ByteCount, completion.LowerAddress));
    }

    [Theory]
    [InlineData(TlpKind.FetchAdd, 8, 8)]
    [InlineData(TlpKind.Swap, 4, 4)]
    [InlineData(TlpKind.CompareAndSwap, 32, 16)]
    public void Answer_to_an_atomic_says_the_operand_at_0(TlpKind kind, int payload, int operand)
    {
        var atomic = TlpSample.Parsed(TlpSample.Written(into => new AtomicRequest(kind, new Rid(1, 0, 0), new Tag(5), 0x1070).Write(into, new byte[payload])));
        var completion = Completion.To(atomic, new Rid(2, 0, 0), CompletionStatus.CompleterAbort);
        Assert.Equal((operand, 0), (completion.ByteCount, completion.LowerAddress));
    }

    [Fact]
    public void Answer_keeps_tag_class_and_ordering_but_neither_poison_nor_digest()
    {
        var attributes = TlpAttributes.NoSnoop | TlpAttributes.RelaxedOrdering | TlpAttributes.IdBasedOrdering | TlpAttributes.Poisoned | TlpAttributes.Digest;
        var request = TlpSample.Parsed(TlpSample.Written(into => new MemoryRead(new Rid(1, 0, 0), new Tag(0x2A5), 0x1000, 4, attributes, 3).Write(into)));
        var completion = Completion.To(request, new Rid(2, 0, 0), CompletionStatus.UnsupportedRequest);
        Assert.Equal(new Tag(0x2A5), completion.Tag);
        Assert.Equal(3, completion.TrafficClass);
        Assert.Equal(TlpAttributes.NoSnoop | TlpAttributes.RelaxedOrdering | TlpAttributes.IdBasedOrdering, completion.Attributes);
    }
}
