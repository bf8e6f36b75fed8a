using CsCheck;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Pcie.Tests;

public class CompletionSplitterTests
{
    // The specification's four examples (PCIe 5.0 §2.3.1.1) at the largest pieces an MPS of 128 or 256 leaves; each is in its list.
    [Theory]
    [InlineData(0x1_0000, 0xC0, 128, 64, "128 64")]
    [InlineData(0x1_0000, 0xC0, 256, 64, "192")]
    [InlineData(0x1_0000, 0xC0, 128, 128, "128 64")]
    [InlineData(0x1_0020, 0x100, 128, 64, "96 128 32")]
    [InlineData(0x1_0020, 0x100, 256, 64, "256")]
    [InlineData(0x1_0020, 0x100, 128, 128, "96 128 32")]
    [InlineData(0x1_0001, 0x100, 256, 64, "255 1")]
    [InlineData(0x1_003F, 2, 128, 64, "2")]
    [InlineData(0x1_0000, 4096, 1024, 64, "1024 1024 1024 1024")]
    public void Answer_is_cut_where_the_specification_cuts(ulong address, int bytes, int mps, int rcb, string expected)
    {
        var pieces = Pieces(address, bytes, mps, rcb);
        Assert.Equal(expected, string.Join(' ', pieces.Select(piece => piece.Bytes)));
    }

    [Fact]
    public void Flush_is_answered_by_one_DW_with_byte_count_1()
    {
        var piece = Assert.Single(Pieces(0x1_0040, 0, 128, 64));
        Assert.Equal(new CompletionPiece(0x1_0040, 0, 1), piece);
        Assert.Equal(4, piece.PayloadBytes);
    }

    [Fact]
    public void Pieces_sum_up_fit_and_end_on_the_boundary() =>
        Gen.Select(TlpSample.Range, Gen.Int[0, 5], Gen.Bool).Sample((range, mpsCode, rcb128) =>
        {
            var (mps, rcb) = (128 << mpsCode, rcb128 ? 128 : 64);
            var pieces = Pieces(range.Address, range.Bytes, mps, rcb);
            Assert.Equal(range.Bytes, pieces.Sum(piece => piece.Bytes));
            var next = range.Address;
            var left = range.Bytes;
            foreach (var piece in pieces)
            {
                Assert.Equal(next, piece.Address);
                Assert.Equal(left, piece.ByteCount);
                Assert.Equal((int)(next & 0x7F), piece.LowerAddress);
                Assert.InRange(piece.PayloadBytes, 4, mps);
                next += (ulong)piece.Bytes;
                left -= piece.Bytes;
                Assert.True(left == 0 || next % (ulong)rcb == 0, "a piece that is not the last ends on the read completion boundary");
            }
        }, iter: 2_000);

    [Fact]
    public void Every_piece_makes_a_legal_completion_that_its_requester_can_place() =>
        Gen.Select(TlpSample.Range, Gen.Int[0, 5]).Sample((range, mpsCode) =>
        {
            var memory = TlpSample.Data(8192, 3);
            var got = new byte[range.Bytes];
            foreach (var piece in Pieces(range.Address, range.Bytes, 128 << mpsCode, 64))
            {
                var data = memory.AsSpan((int)(piece.PayloadAddress & 0xFFF), piece.PayloadBytes).ToArray();
                var bytes = TlpSample.Written(into => new Completion(
                    new Rid(2, 0, 0), new Rid(1, 0, 0), new Tag(1), CompletionStatus.SuccessfulCompletion,
                    piece.ByteCount, piece.LowerAddress).Write(into, data));
                var tlp = TlpSample.Parsed(bytes);
                tlp.Payload.Slice(tlp.LowerAddress & 3, piece.Bytes).CopyTo(got.AsSpan(range.Bytes - tlp.ByteCount));
            }

            Assert.Equal(memory.AsSpan((int)(range.Address & 0xFFF), range.Bytes).ToArray(), got);
        }, iter: 2_000);

    private static List<CompletionPiece> Pieces(ulong address, int bytes, int mps, int rcb)
    {
        var request = TlpSample.Parsed(TlpSample.Written(into => new MemoryRead(new Rid(1, 0, 0), new Tag(1), address, bytes).Write(into)));
        var splitter = new CompletionSplitter(request, mps, rcb);
        var pieces = new List<CompletionPiece>();
        while (!splitter.IsDone)
        {
            pieces.Add(splitter.Next());
        }

        return pieces;
    }
}
