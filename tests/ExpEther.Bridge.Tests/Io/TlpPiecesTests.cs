using CsCheck;
using ExpEther.Bridge.Io.Traffic;
using ExpEther.Pcie;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Bridge.Tests.Io;

public sealed class TlpPiecesTests
{
    private static readonly Gen<int> Mps = Gen.Int[7, 11].Select(log => 1 << log);

    [Fact]
    public void The_pieces_of_a_write_write_the_same_bytes()
    {
        Gen.Select(Gen.Int[0, 4095], Gen.Int[1, 4096], Mps, Gen.Bool, Gen.Bool).Sample((offset, bytes, mps, above4G, digest) =>
        {
            bytes = Math.Min(bytes, 4096 - offset);
            var address = (above4G ? 0x12_3456_0000UL : 0x1234_0000UL) + (ulong)offset;
            var data = Enumerable.Range(0, bytes).Select(i => (byte)(i * 7)).ToArray();
            var whole = new byte[TlpLimits.BytesMax];
            var attributes = digest ? TlpAttributes.Digest | TlpAttributes.Poisoned : TlpAttributes.RelaxedOrdering;
            var length = new MemoryWrite(new Rid(0x0508), address, attributes).Write(whole, data);
            Assert.Equal(TlpError.None, TlpView.TryParse(whole.AsSpan(0, length), out var view));

            var written = new int[4096];
            var room = new byte[TlpLimits.BytesMax];
            var done = 0;
            for (var last = false; !last;)
            {
                last = TlpPieces.Next(view, mps, ref done, room, out var piece);
                Assert.Equal(TlpError.None, TlpView.TryParse(piece, out var cut));
                Assert.True(cut.Payload.Length <= mps);
                Assert.Equal(view.Requester, cut.Requester);
                Assert.Equal(view.Attributes, cut.Attributes);
                Assert.True(cut.HasValidEcrc);
                for (var dw = 0; dw < cut.LengthDw; dw++)
                {
                    var enables = dw == 0 ? cut.FirstByteEnables : dw == cut.LengthDw - 1 ? cut.LastByteEnables : 0xF;
                    for (var b = 0; b < 4; b++)
                    {
                        if ((enables & (1 << b)) != 0)
                        {
                            var at = (int)((cut.Address & 0xFFF) + (ulong)((dw * 4) + b));
                            Assert.Equal(data[at - offset], cut.Payload[(dw * 4) + b]);
                            written[at]++;
                        }
                    }
                }
            }

            for (var i = 0; i < written.Length; i++)
            {
                Assert.Equal(i >= offset && i < offset + bytes ? 1 : 0, written[i]);
            }
        });
    }

    [Fact]
    public void The_pieces_of_a_completion_answer_the_same_bytes_and_end_on_completion_boundaries()
    {
        Gen.Select(Gen.Int[0, 4095], Gen.Int[1, 4096], Mps, Gen.Bool).Sample((offset, bytes, mps, digest) =>
        {
            bytes = Math.Min(bytes, 4096 - offset);
            var payload = new byte[((offset & 3) + bytes + 3) & ~3];
            if (payload.Length > 4096)
            {
                return;
            }

            for (var i = 0; i < payload.Length; i++)
            {
                payload[i] = (byte)(i * 3);
            }

            var whole = new byte[TlpLimits.BytesMax];
            var length = new Completion(
                new Rid(0x0100), new Rid(0x0508), new Tag(9), CompletionStatus.SuccessfulCompletion, bytes, offset & 0x7F,
                digest ? TlpAttributes.Digest : TlpAttributes.None).Write(whole, payload);
            Assert.Equal(TlpError.None, TlpView.TryParse(whole.AsSpan(0, length), out var view));

            var room = new byte[TlpLimits.BytesMax];
            var done = 0;
            var address = offset;
            var left = bytes;
            for (var last = false; !last;)
            {
                last = TlpPieces.Next(view, mps, ref done, room, out var piece);
                Assert.Equal(TlpError.None, TlpView.TryParse(piece, out var cut));
                Assert.True(cut.Payload.Length <= mps);
                Assert.True(cut.HasValidEcrc);
                Assert.Equal(left, cut.ByteCount);
                Assert.Equal(address & 0x7F, cut.LowerAddress);
                var pieceData = Math.Min(cut.Payload.Length - (address & 3), left);
                Assert.Equal(payload[(address & ~3) - (offset & ~3)], cut.Payload[0]);
                address += pieceData;
                left -= pieceData;
                Assert.True(last || (address & 127) == 0);
            }

            Assert.Equal(0, left);
        });
    }
}
