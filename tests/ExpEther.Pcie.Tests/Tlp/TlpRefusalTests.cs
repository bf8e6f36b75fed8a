using ExpEther.Pcie.Tlp;

namespace ExpEther.Pcie.Tests;

/// <summary>What must not get in, and what must although it looks odd (PCIe 5.0 §2.2, §2.3).</summary>
public class TlpRefusalTests
{
    [Theory]
    // Types
    [InlineData("01000001 0100050F 00001000", TlpError.LockedUnsupported)]
    [InlineData("0B000000 021C0004 01000500", TlpError.LockedUnsupported)]
    [InlineData("02000001 0100050F 00001000", TlpError.IoUnsupported)]
    [InlineData("42000001 0100050F 00001000 00000000", TlpError.IoUnsupported)]
    [InlineData("41000001 0100050F 00001000 00000000", TlpError.UnknownType)]
    [InlineData("24000001 0100050F 021C0000 00000000", TlpError.UnknownType)]
    [InlineData("0C000001 01000500 00001000", TlpError.UnknownType)]
    [InlineData("10000000 01000031 00000000", TlpError.UnknownType)]
    [InlineData("1F000000 01000031 00000000", TlpError.UnknownType)]
    [InlineData("80000000 00000010 010005FF", TlpError.UnknownPrefix)]
    [InlineData("91000000 00000010 010005FF", TlpError.UnknownPrefix)]
    [InlineData("A0000001 0100050F 00001000", TlpError.UnknownType)]
    // Byte enables, §2.2.5
    [InlineData("00000001 0100051F 00001000", TlpError.BadByteEnables)]
    [InlineData("00000002 010005F0 00001000", TlpError.BadByteEnables)]
    [InlineData("00000002 0100050F 00001000", TlpError.BadByteEnables)]
    [InlineData("00000002 010005F5 00001004", TlpError.BadByteEnables)]
    [InlineData("00000003 010005F5 00001000", TlpError.BadByteEnables)]
    [InlineData("00000003 0100058F 00001000", TlpError.BadByteEnables)]
    [InlineData("00000003 010005F7 00001000", TlpError.BadByteEnables)]
    // 4 KB, addresses, AT
    [InlineData("00000002 010005FF 00001FFC", TlpError.Crosses4K)]
    [InlineData("00000000 010005FF 00001004", TlpError.Crosses4K)]
    [InlineData("20000001 0100050F 00000000 00001000", TlpError.BadAddress)]
    [InlineData("00000801 0100050F 00001000", TlpError.TranslatedAddress)]
    [InlineData("00000401 0100050F 00001000", TlpError.TranslatedAddress)]
    // Configuration, §2.2.7
    [InlineData("04000002 0100050F 021C0000", TlpError.BadLength)]
    [InlineData("04000001 0100051F 021C0000", TlpError.BadByteEnables)]
    [InlineData("04100001 0100050F 021C0000", TlpError.BadField)]
    // Atomics, §6.15.2
    [InlineData("4C000003 01000500 00001000 00000000 00000000 00000000", TlpError.BadLength)]
    [InlineData("4E000001 01000500 00001000 00000000", TlpError.BadLength)]
    [InlineData("4E000003 01000500 00001000 00000000 00000000 00000000", TlpError.BadLength)]
    [InlineData("4D000002 01000500 00001004 00000000 00000000", TlpError.BadAddress)]
    // Completions
    [InlineData("4A000001 021C2004 01000500 00000000", TlpError.BadField)]
    [InlineData("4A000002 021C0004 01000500 00000000 00000000", TlpError.BadLength)]
    public void Malformed_bytes_are_refused_for_the_right_reason(string hex, TlpError expected) =>
        Assert.Equal(expected, TlpView.TryParse(Bytes(hex), out _));

    // §2.3.1: kinds that are not served are Unsupported Requests, answered where an answer is due.
    [Theory]
    [InlineData("02000001 0100050F 00001000", "0A000000 02002004 01000500")]
    [InlineData("42000001 0100050F 00001000 00000000", "0A000000 02002004 01000500")]
    [InlineData("02080001 0100050F 00001000", "0A080000 02002004 01000500")]
    [InlineData("01000002 010005FE 00001000", "0A000000 02002007 01000501")]
    [InlineData("21000001 0100050F 00000001 00001000", "0A000000 02002004 01000500")]
    public void Whole_requests_that_are_not_carried_are_owed_an_answer(string request, string answer)
    {
        Assert.True(Completion.TryRefuse(Bytes(request), new Rid(2, 0, 0), out var completion));
        var into = new byte[TlpLimits.BytesMax];
        Assert.Equal(Bytes(answer), into[..completion.Write(into)]);
    }

    [Theory]
    [InlineData("0B000000 021C0004 01000500")] // A completion answers; it is not answered.
    [InlineData("02000001 0100050F")]
    [InlineData("02000001 0100050F 00001000 00000000")]
    [InlineData("42000001 0100050F 00001000")]
    [InlineData("02000002 0100050F 00001000")]
    [InlineData("02000001 0100051F 00001000")]
    [InlineData("01000002 010005FF 00001FFC")]
    [InlineData("A0000001 0100050F 00001000")]
    [InlineData("80000000 00000010 010005FF")]
    public void Broken_or_unknown_bytes_are_owed_none(string hex) => Assert.False(Completion.TryRefuse(Bytes(hex), default, out _));

    [Theory]
    [InlineData("00000001 0100050A 00001000")] // One DW: any byte enables.
    [InlineData("00000002 010005A5 00001000")] // An aligned QW: any byte enables that are not zero.
    [InlineData("40000001 01000000 00001000 00000000")] // A write of no bytes.
    [InlineData("4E000002 01000500 00001002 00000000 00000000")] // An atomic: the bits under the DW address are no address.
    [InlineData("4A000002 021C0004 01000501 00000000 00000000")] // Four bytes that lie in two DWs.
    public void What_looks_odd_and_is_legal_gets_in(string hex) => Assert.Equal(TlpError.None, TlpView.TryParse(Bytes(hex), out _));

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    public void Reserved_completion_status_counts_as_unsupported_request(int status)
    {
        var bytes = Bytes("0A000000 021C0004 01000500");
        bytes[6] = (byte)(status << 5);
        Assert.Equal(TlpError.None, TlpView.TryParse(bytes, out var tlp));
        Assert.Equal(CompletionStatus.UnsupportedRequest, tlp.Status);
    }

    [Theory]
    [InlineData(6)]
    [InlineData(7)]
    public void Reserved_message_routing_ends_at_the_receiver(int routing)
    {
        var bytes = Bytes("30000000 01000031 00000000 00000000");
        bytes[0] |= (byte)routing;
        Assert.Equal(TlpError.None, TlpView.TryParse(bytes, out var tlp));
        Assert.Equal(MessageRouting.Local, tlp.MessageRouting);
    }

    [Fact]
    public void Steering_tag_of_a_read_is_not_taken_for_byte_enables()
    {
        // TH set, steering tag 3Ch where the byte enables were: all bytes of the two DWs are read.
        Assert.Equal(TlpError.None, TlpView.TryParse(Bytes("00010002 0100053C 00001001"), out var tlp));
        Assert.Equal(0x1000UL, tlp.FirstByteAddress);
        Assert.Equal(8, tlp.ByteLength);
        Assert.False(tlp.IsZeroLength);
    }

    private static byte[] Bytes(string hex) => Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));
}
