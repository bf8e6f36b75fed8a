using CsCheck;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Pcie.Tests;

public class TlpRoundTripTests
{
    [Fact]
    public void Memory_read_says_back_what_was_written() =>
        Gen.Select(TlpSample.Rid, TlpSample.Tag, TlpSample.Range, TlpSample.Attributes, TlpSample.TrafficClass).Sample((rid, tag, range, attributes, tc) =>
        {
            var tlp = TlpSample.Parsed(TlpSample.Written(into => new MemoryRead(rid, tag, range.Address, range.Bytes, attributes, tc).Write(into)));
            Assert.Equal(TlpKind.MemoryRead, tlp.Kind);
            Assert.Equal(TlpClass.NonPosted, tlp.Class);
            Assert.Equal(rid, tlp.Requester);
            Assert.Equal(tag, tlp.Tag);
            Assert.Equal(range.Address, tlp.FirstByteAddress);
            Assert.Equal(range.Bytes, tlp.ByteLength);
            Assert.Equal(attributes, tlp.Attributes);
            Assert.Equal(tc, tlp.TrafficClass);
            Assert.Equal(range.Address > uint.MaxValue ? 16 : 12, tlp.HeaderBytes);
            Assert.True(tlp.HasValidEcrc);
        }, iter: 2_000);

    [Fact]
    public void Memory_write_says_back_what_was_written() =>
        Gen.Select(TlpSample.Rid, TlpSample.Range, TlpSample.Attributes, Gen.Byte).Sample((rid, range, attributes, fill) =>
        {
            var data = TlpSample.Data(range.Bytes, fill);
            var tlp = TlpSample.Parsed(TlpSample.Written(into => new MemoryWrite(rid, range.Address, attributes).Write(into, data)));
            Assert.Equal(TlpKind.MemoryWrite, tlp.Kind);
            Assert.Equal(TlpClass.Posted, tlp.Class);
            Assert.Equal(range.Address, tlp.FirstByteAddress);
            Assert.Equal(data, tlp.Payload.Slice((int)(range.Address & 3), tlp.ByteLength).ToArray());
            Assert.Equal(attributes, tlp.Attributes);
            Assert.True(tlp.HasValidEcrc);
        }, iter: 2_000);

    [Fact]
    public void Configuration_request_says_back_what_was_written() =>
        Gen.Select(
            TlpSample.Rid, TlpSample.Tag, TlpSample.Rid, Gen.Int[0, 1023], Gen.Bool, Gen.UInt, Gen.Int[0, 15]).Sample(
            (rid, tag, target, dw, type1, value, enables) =>
        {
            var write = TlpSample.Parsed(TlpSample.Written(into => new ConfigWrite(rid, tag, target, dw * 4, type1, value, enables).Write(into)));
            Assert.Equal(type1 ? TlpKind.ConfigWrite1 : TlpKind.ConfigWrite0, write.Kind);
            Assert.Equal(
                (rid, tag, target, dw * 4, value, enables),
                (write.Requester, write.Tag, write.ConfigTarget, write.ConfigRegister, write.ConfigValue, write.FirstByteEnables));
            var read = TlpSample.Parsed(TlpSample.Written(into => new ConfigRead(rid, tag, target, dw * 4, type1).Write(into)));
            Assert.Equal((rid, tag, target, dw * 4), (read.Requester, read.Tag, read.ConfigTarget, read.ConfigRegister));
        }, iter: 2_000);

    [Fact]
    public void Completion_says_back_what_was_written() =>
        Gen.Select(
            TlpSample.Rid, TlpSample.Rid, TlpSample.Tag, Gen.Int[1, 4096], Gen.Int[0, 127], TlpSample.Attributes).Sample(
            (completer, requester, tag, bytes, lower, attributes) =>
        {
            var data = TlpSample.Data(Math.Min(4096, ((lower & 3) + bytes + 3) & ~3), 1);
            var written = new Completion(completer, requester, tag, CompletionStatus.SuccessfulCompletion, bytes, lower, attributes);
            var tlp = TlpSample.Parsed(TlpSample.Written(into => written.Write(into, data)));
            Assert.Equal(TlpClass.Completion, tlp.Class);
            Assert.Equal(
                written, new Completion(tlp.Completer, tlp.Requester, tlp.Tag, tlp.Status, tlp.ByteCount, tlp.LowerAddress, tlp.Attributes, tlp.TrafficClass));
            Assert.Equal(data, tlp.Payload.ToArray());
            Assert.True(tlp.HasValidEcrc);
        }, iter: 2_000);

    [Fact]
    public void Every_kind_parses_and_is_described() =>
        TlpSample.Any.Sample(bytes =>
        {
            var tlp = TlpSample.Parsed(bytes);
            Assert.Equal(bytes, tlp.Bytes.ToArray());
            Assert.StartsWith(
                tlp.IsMessage ? "Msg" : tlp.IsCompletion ? "Cpl" : tlp.IsConfig ? "Cfg" : tlp.IsAtomic ? tlp.Kind.ToString() : "M", TlpText.Describe(tlp),
                StringComparison.Ordinal);
        }, iter: 2_000);

    [Fact]
    public void Any_bytes_are_parsed_or_refused_without_exception() =>
        Gen.Byte.Array[0, 64].Sample(Exercise, iter: 20_000);

    [Fact]
    public void A_damaged_TLP_is_parsed_or_refused_without_exception() =>
        Gen.Select(TlpSample.Any, Gen.Int[0, 15], Gen.Byte, Gen.Int[-8, 8]).Sample((bytes, at, with, grow) =>
        {
            var damaged = new byte[Math.Max(0, bytes.Length + grow)];
            bytes.AsSpan(0, Math.Min(bytes.Length, damaged.Length)).CopyTo(damaged);
            if (at < damaged.Length)
            {
                damaged[at] ^= with;
            }

            Exercise(damaged);
        }, iter: 2_000);

    [Fact]
    public void A_TLP_cut_short_or_followed_by_more_is_refused() =>
        Gen.Select(TlpSample.Any, Gen.Int[1, 8]).Sample((bytes, by) =>
        {
            Assert.Equal(TlpError.Truncated, TlpView.TryParse(bytes.AsSpan(0, bytes.Length - by), out _));
            Assert.Equal(TlpError.TrailingBytes, TlpView.TryParse([.. bytes, .. new byte[by]], out _));
        }, iter: 2_000);

    // Reads everything a view offers; what is meaningless for the kind must still not throw.
    private static void Exercise(byte[] bytes)
    {
        if (TlpView.TryParse(bytes, out var tlp) != TlpError.None)
        {
            Assert.StartsWith("not a TLP", TlpText.Describe(bytes), StringComparison.Ordinal);
            if (Completion.TryRefuse(bytes, default, out var refusal))
            {
                var answer = new byte[TlpLimits.BytesMax];
                Assert.Equal(TlpError.None, TlpView.TryParse(answer.AsSpan(0, refusal.Write(answer)), out _));
            }

            return;
        }

        long sum = tlp.LengthDw + tlp.TrafficClass + (int)tlp.Attributes + tlp.Tag.Value + tlp.Requester.Value + tlp.FirstByteEnables + tlp.LastByteEnables
            + (long)(tlp.Address + tlp.FirstByteAddress) + tlp.ByteLength + tlp.ConfigTarget.Value + tlp.ConfigRegister + tlp.Completer.Value
            + (int)tlp.Status + tlp.ByteCount + tlp.LowerAddress + (int)tlp.MessageCode + (int)tlp.MessageRouting + tlp.Payload.Length
            + (tlp.HasValidEcrc ? 1 : 0) + TlpCredits.DataUnits(tlp);
        Assert.NotEqual(long.MinValue, sum);
        Assert.NotEmpty(TlpText.Describe(tlp));
        if (tlp.Kind == TlpKind.MemoryRead)
        {
            Assert.InRange(tlp.ByteLength, 1, 4096);
        }
    }
}
