using CsCheck;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Pcie.Tests;

public class TlpRewriterTests
{
    private static readonly Gen<ulong> PageOffsetKeeping = Gen.OneOf(Gen.UInt.Select(value => (ulong)value), Gen.ULong);

    [Fact]
    public void New_address_keeps_payload_enables_and_poison_and_makes_the_digest_anew() =>
        Gen.Select(
            Gen.OneOf(TlpSample.MemoryRead, TlpSample.MemoryWrite, TlpSample.Atomic), PageOffsetKeeping, TlpSample.Rid).Sample((bytes, page, requester) =>
        {
            var before = TlpSample.Parsed(bytes);
            var address = (page & ~0xFFFUL) | (before.Address & 0xFFF);
            var into = new byte[TlpLimits.BytesMax];
            var length = TlpRewriter.WithAddress(before, requester, address, into);
            var after = TlpSample.Parsed(into[..length]);
            Assert.Equal(requester, after.Requester);
            Assert.Equal(address, after.Address);
            Assert.Equal(address > uint.MaxValue ? 16 : 12, after.HeaderBytes);
            Assert.Equal(before.FirstByteAddress & 3, after.FirstByteAddress & 3);
            Assert.Equal(before.ByteLength, after.ByteLength);
            Assert.Equal((before.Kind, before.Tag, before.TrafficClass), (after.Kind, after.Tag, after.TrafficClass));
            Assert.Equal(before.Attributes, after.Attributes);
            Assert.Equal(before.Payload.ToArray(), after.Payload.ToArray());
            Assert.True(after.HasValidEcrc);
        }, iter: 2_000);

    [Theory]
    [InlineData(0x1000UL, 0x40_0000_1000UL, 4)]
    [InlineData(0x40_0000_1000UL, 0x1000UL, -4)]
    [InlineData(0xFFFF_F000UL, 0x1_0000_0000UL, 4)]
    public void Header_grows_and_shrinks_across_4_GB(ulong from, ulong to, int growth)
    {
        var bytes = TlpSample.Written(
            into => new MemoryWrite(new Rid(1, 0, 0), from, TlpAttributes.Poisoned | TlpAttributes.Digest).Write(into, [1, 2, 3, 4, 5]));
        var into = new byte[TlpLimits.BytesMax];
        var length = TlpRewriter.WithAddress(TlpSample.Parsed(bytes), new Rid(1, 0, 0), to, into);
        Assert.Equal(bytes.Length + growth, length);
        var there = TlpSample.Parsed(into[..length]);
        Assert.True(there.IsPoisoned && there.HasValidEcrc);

        var back = new byte[TlpLimits.BytesMax];
        Assert.Equal(bytes.Length, TlpRewriter.WithAddress(there, new Rid(1, 0, 0), from, back));
        Assert.Equal(bytes, back[..bytes.Length]);
    }

    [Fact]
    public void Processing_hint_under_the_address_stays()
    {
        var bytes = Convert.FromHexString("00010002" + "0100053C" + "00001002");
        var into = new byte[TlpLimits.BytesMax];
        var length = TlpRewriter.WithAddress(TlpSample.Parsed(bytes), new Rid(2, 0, 0), 0x1_0000_2000, into);
        Assert.Equal("20010002" + "0200053C" + "00000001" + "00002002", Convert.ToHexString(into, 0, length));
    }

    [Fact]
    public void Completion_with_both_IDs_swapped_and_back_is_the_same() =>
        Gen.Select(TlpSample.Completion, TlpSample.Rid, TlpSample.Rid).Sample((bytes, completer, requester) =>
        {
            var before = TlpSample.Parsed(bytes);
            var into = new byte[TlpLimits.BytesMax];
            var length = TlpRewriter.WithIds(before, completer, requester, into);
            var after = TlpSample.Parsed(into[..length]);
            Assert.Equal((completer, requester), (after.Completer, after.Requester));
            Assert.True(after.HasValidEcrc);
            Assert.Equal((before.Tag, before.Status, before.ByteCount, before.LowerAddress), (after.Tag, after.Status, after.ByteCount, after.LowerAddress));
            var back = new byte[TlpLimits.BytesMax];
            length = TlpRewriter.WithIds(after, before.Completer, before.Requester, back);
            Assert.Equal(bytes, back[..length]);
        }, iter: 2_000);

    [Fact]
    public void Configuration_request_gets_another_target_and_type() =>
        Gen.Select(TlpSample.Config, TlpSample.Rid, TlpSample.Rid, Gen.Bool).Sample((bytes, requester, target, type1) =>
        {
            var before = TlpSample.Parsed(bytes);
            var into = new byte[TlpLimits.BytesMax];
            var length = TlpRewriter.WithTarget(before, requester, target, type1, into);
            var after = TlpSample.Parsed(into[..length]);
            Assert.Equal((requester, target), (after.Requester, after.ConfigTarget));
            Assert.Equal(type1, after.Kind is TlpKind.ConfigRead1 or TlpKind.ConfigWrite1);
            Assert.Equal((before.ConfigRegister, before.FirstByteEnables, before.Tag), (after.ConfigRegister, after.FirstByteEnables, after.Tag));
            Assert.Equal(before.Payload.ToArray(), after.Payload.ToArray());
        }, iter: 2_000);

    [Fact]
    public void Message_and_request_get_another_requester() =>
        Gen.Select(Gen.OneOf(TlpSample.Message, TlpSample.MemoryWrite), TlpSample.Rid).Sample((bytes, requester) =>
        {
            var into = new byte[TlpLimits.BytesMax];
            var length = TlpRewriter.WithRequester(TlpSample.Parsed(bytes), requester, into);
            var after = TlpSample.Parsed(into[..length]);
            Assert.Equal(requester, after.Requester);
            Assert.True(after.HasValidEcrc);
            Assert.Equal(bytes.Length, length);
        }, iter: 2_000);
}
