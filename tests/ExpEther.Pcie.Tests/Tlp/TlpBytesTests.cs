using ExpEther.Pcie.Tlp;

namespace ExpEther.Pcie.Tests;

/// <summary>Headers written out by hand from PCIe 5.0 §2.2, byte for byte.</summary>
public class TlpBytesTests
{
    private static readonly Rid Requester = new(1, 0, 0);
    private static readonly Rid Completer = new(2, 3, 4);
    private static readonly Tag Tag5 = new(5);

    [Fact]
    public void Memory_read_below_4_GB_has_a_3DW_header() =>
        AssertBytes("00000010 010005FF 12345678", into => new MemoryRead(Requester, Tag5, 0x12345678, 64).Write(into));

    [Fact]
    public void Memory_read_above_4_GB_has_a_4DW_header_and_byte_enables_for_odd_ends() =>
        AssertBytes("20000002 0100057E 00000001 00000000", into => new MemoryRead(Requester, Tag5, 0x1_0000_0001, 6).Write(into));

    [Fact]
    public void Memory_read_of_4096_bytes_codes_its_length_as_0() =>
        AssertBytes("00000000 010005FF 00001000", into => new MemoryRead(Requester, Tag5, 0x1000, 4096).Write(into));

    [Fact]
    public void Zero_length_read_has_one_DW_and_no_byte_enables() =>
        AssertBytes("00000001 01000500 00002000", into => new MemoryRead(Requester, Tag5, 0x2000, 0).Write(into));

    [Fact]
    public void Ten_bit_tag_puts_T9_and_T8_into_byte_1() =>
        AssertBytes("00880001 0100A50F 00002000", into => new MemoryRead(Requester, new Tag(0x3A5), 0x2000, 4).Write(into));

    [Fact]
    public void Attributes_traffic_class_and_poison_have_their_places() =>
        AssertBytes(
            "40547001 0100000F 00002000 11223344",
            into => new MemoryWrite(
                Requester, 0x2000,
                TlpAttributes.NoSnoop | TlpAttributes.RelaxedOrdering | TlpAttributes.IdBasedOrdering | TlpAttributes.Poisoned, TrafficClass: 5)
                .Write(into, [0x11, 0x22, 0x33, 0x44]));

    [Fact]
    public void Memory_write_of_the_last_byte_of_a_DW_enables_only_that() =>
        AssertBytes("40000001 01000008 00001000 000000AA", into => new MemoryWrite(Requester, 0x1003).Write(into, [0xAA]));

    [Fact]
    public void Memory_write_across_DWs_pads_with_zeros() =>
        AssertBytes("40000002 0100003C 00001000 00000102 03040000", into => new MemoryWrite(Requester, 0x1002).Write(into, [1, 2, 3, 4]));

    [Fact]
    public void Configuration_read_type_0() =>
        AssertBytes("04000001 0100050F 021C010C", into => new ConfigRead(Requester, Tag5, Completer, 0x10C, Type1: false).Write(into));

    [Fact]
    public void Configuration_write_type_1_is_little_endian_under_byte_enables() =>
        AssertBytes(
            "45000001 01000503 021C0004 06041000",
            into => new ConfigWrite(Requester, Tag5, Completer, 4, Type1: true, 0x00100406, 0b0011).Write(into));

    [Fact]
    public void Completion_without_data_says_unsupported_request() =>
        AssertBytes("0A000000 021C2004 01000500", into => new Completion(Completer, Requester, Tag5, CompletionStatus.UnsupportedRequest).Write(into));

    [Fact]
    public void Completion_with_data_codes_4096_bytes_as_0() =>
        AssertBytes(
            "4A000001 021C0000 0100057C DEADBEEF",
            into => new Completion(Completer, Requester, Tag5, CompletionStatus.SuccessfulCompletion, 4096, 0x7C).Write(into, [0xDE, 0xAD, 0xBE, 0xEF]));

    [Fact]
    public void Error_message_goes_to_the_root_complex() =>
        AssertBytes(
            "30000000 01000031 00000000 00000000", into => new Message(Requester, MessageCode.ErrNonFatal, MessageRouting.ToRootComplex).Write(into));

    [Fact]
    public void Message_with_data_carries_whole_DWs() =>
        AssertBytes(
            "74000001 01000050 00000000 00000000 19000000",
            into => new Message(Requester, MessageCode.SetSlotPowerLimit, MessageRouting.Local).Write(into, [25, 0, 0, 0]));

    [Fact]
    public void Fetch_and_add_of_a_QW_above_4_GB() =>
        AssertBytes(
            "6C000002 01000500 00000001 00000008 01000000 00000000",
            into => new AtomicRequest(TlpKind.FetchAdd, Requester, Tag5, 0x1_0000_0008).Write(into, [1, 0, 0, 0, 0, 0, 0, 0]));

    [Fact]
    public void Compare_and_swap_carries_both_operands() =>
        AssertBytes(
            "4E000002 01000500 00001000 01000000 02000000",
            into => new AtomicRequest(TlpKind.CompareAndSwap, Requester, Tag5, 0x1000).Write(into, [1, 0, 0, 0, 2, 0, 0, 0]));

    private delegate int Writer(Span<byte> into);

    private static void AssertBytes(string hex, Writer write)
    {
        var into = new byte[TlpLimits.BytesMax];
        Array.Fill(into, (byte)0x5A);
        var length = write(into);
        Assert.Equal(hex.Replace(" ", "", StringComparison.Ordinal), Convert.ToHexString(into, 0, length));
        Assert.Equal(TlpError.None, TlpView.TryParse(into.AsSpan(0, length), out _));
    }
}
