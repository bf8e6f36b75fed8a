using CsCheck;
using ExpEther.Link.Wire;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Link.Tests;

public class FrameRoundTripTests
{
    private static readonly Gen<SackRange> Range = Gen.Select(Gen.UShort, Gen.UShort, (o, c) => new SackRange(o, c));

    private static readonly Gen<FrameHeader> Header =
        from type in Gen.Byte[0, 5]
        from small in Gen.Select(Gen.Byte, Gen.Byte, Gen.UShort, Gen.UShort[64, 9000])
        from words in Gen.UInt.Array[4]
        from longs in Gen.ULong.Array[3]
        from ranges in Range.Array[4]
        select new FrameHeader
        {
            Type = (FrameType)type,
            Flags = (FrameFlags)small.Item1,
            Path = small.Item2,
            EchoDelay = small.Item3,
            Length = small.Item4,
            Epoch = words[0],
            Timestamp = words[1],
            TimestampEcho = words[2],
            FrameEcho = words[3],
            FrameNumber = longs[0],
            RecordSequence = longs[1],
            Acknowledgement = longs[2],
            SelectiveAck = new SelectiveAck(ranges[0], ranges[1], ranges[2], ranges[3]),
        };

    [Fact]
    public void Any_header_comes_back_as_it_was_written() => Header.Sample(header =>
    {
        var bytes = new byte[header.Length];
        header.Write(bytes);
        Assert.Equal(FrameError.None, FrameHeader.TryParse(bytes, out var parsed));
        Assert.Equal(header, parsed);
    });

    [Fact]
    public void Any_TLP_record_comes_back_as_it_was_written() =>
        Gen.Select(Gen.Byte[0, 2], Gen.UShort, Gen.ULong, Gen.Byte.Array[1, LinkLimits.TlpBytesMax]).Sample((c, function, generation, tlp) =>
        {
            var bytes = new byte[TlpRecordLayout.Bytes + tlp.Length + 3];
            RecordView.WriteTlpHead(bytes, (TlpClass)c, function, generation, tlp.Length);
            tlp.CopyTo(bytes, TlpRecordLayout.Bytes);
            ReadOnlySpan<byte> rest = bytes;
            Assert.True(RecordView.TryRead(ref rest, out var record));
            Assert.Equal(3, rest.Length);
            Assert.True(record.IsSequenced);
            Assert.Equal((TlpClass)c, record.Class);
            Assert.Equal(function, record.Function);
            Assert.Equal(generation, record.Generation);
            Assert.True(record.Tlp.SequenceEqual(tlp));
        });

    [Fact]
    public void Any_bytes_are_a_header_or_refused() => Gen.Byte.Array[0, 200].Sample(bytes =>
    {
        var error = FrameHeader.TryParse(bytes, out var header);
        Assert.True(error != FrameError.None || (header.Length >= FrameLayout.Bytes && header.Length <= bytes.Length));
    });

    [Fact]
    public void Any_bytes_are_records_or_refused() => Gen.Select(Gen.Byte[0, 4], Gen.Byte.Array[0, 200]).Sample((kind, bytes) =>
    {
        if (bytes.Length > 3)
        {
            (bytes[0], bytes[1], bytes[3]) = (kind, (byte)(bytes[1] & 3), 0);
        }

        var whole = RecordView.TryCount(bytes, out var count, out _);
        ReadOnlySpan<byte> rest = bytes;
        var sequenced = 0;
        while (rest.Length > 0 && RecordView.TryRead(ref rest, out var record))
        {
            sequenced += record.IsSequenced ? 1 : 0;
            _ = record.Body.Length + (record.Kind == RecordKind.Tlp ? record.Tlp.Length + record.Function + (int)record.Class : 0);
        }

        Assert.Equal(rest.Length == 0, whole);
        Assert.True(!whole || sequenced == count);
    });

    [Fact]
    public void Unknown_records_that_need_no_acknowledgement_are_skipped()
    {
        byte[] bytes = [0x90, 0, 2, 0, 1, 2, 2, 0, 1, 0, 9];
        Assert.True(RecordView.TryCount(bytes, out var sequenced, out var others));
        Assert.Equal((1, 1), (sequenced, others));
        byte[] unknownSequenced = [0x40, 0, 1, 0, 9];
        Assert.False(RecordView.TryCount(unknownSequenced, out _, out _));
    }

    [Fact]
    public void The_checksum_is_the_Castagnoli_CRC() => Assert.Equal(0xE3069283u, Crc32C.Compute("123456789"u8));
}
