using ExpEther.Core.Time;
using ExpEther.Pcie.Config;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Pcie.Tests;

/// <summary>A TLP on its way costs no garbage: everything on the data path, many times, 0 bytes.</summary>
public class AllocationTests
{
    private const int Rounds = 2_000;

    private readonly byte[] _first = new byte[TlpLimits.BytesMax];
    private readonly byte[] _second = new byte[TlpLimits.BytesMax];
    private readonly byte[] _data = new byte[4096];

    [Fact]
    public void Parsing_rewriting_and_writing_allocate_nothing() => AssertNoAllocation(() =>
    {
        var attributes = TlpAttributes.Digest | TlpAttributes.RelaxedOrdering;
        var length = new MemoryWrite(new Rid(1, 0, 0), 0x1000, attributes).Write(_first, _data.AsSpan(0, 512));
        Assert.True(TlpView.TryParse(_first.AsSpan(0, length), out var tlp) == TlpError.None);
        length = tlp.HasValidEcrc ? TlpRewriter.WithAddress(tlp, new Rid(2, 0, 0), 0x1_0000_1000, _second) : 0;
        Assert.True(TlpView.TryParse(_second.AsSpan(0, length), out tlp) == TlpError.None);

        length = new MemoryRead(new Rid(1, 0, 0), new Tag(1), 0x1004, 1000).Write(_first);
        Assert.True(TlpView.TryParse(_first.AsSpan(0, length), out tlp) == TlpError.None);
        for (var splitter = new CompletionSplitter(tlp, 256, 64); !splitter.IsDone;)
        {
            var piece = splitter.Next();
            length = new Completion(new Rid(3, 0, 0), tlp.Requester, tlp.Tag, CompletionStatus.SuccessfulCompletion, piece.ByteCount, piece.LowerAddress)
                .Write(_second, _data.AsSpan(0, piece.PayloadBytes));
            Assert.True(TlpView.TryParse(_second.AsSpan(0, length), out var completion) == TlpError.None);
            Assert.True(TlpRewriter.WithIds(completion, new Rid(5, 0, 0), new Rid(6, 0, 0), _first.AsSpan(64)) > 0);
        }
    });

    [Fact]
    public void Tables_and_registers_on_the_data_path_allocate_nothing()
    {
        var outstanding = new OutstandingRequests<long>(256);
        var config = EndpointSample.Make();
        var msix = new MsixTable(config);
        config.Write(4, 6);
        config.Write(config.MsixOffset, 0x8000_0000, 0b1000);
        msix.WriteTable(12, 0);
        AssertNoAllocation(() =>
        {
            for (ushort tag = 0; tag < 64; tag++)
            {
                Assert.True(outstanding.TryAdd(new Rid(1), new Tag(tag), tag, new Instant(tag)));
            }

            while (outstanding.TryExpire(new Instant(31), out _, out _, out _))
            {
            }

            for (ushort tag = 0; tag < 64; tag++)
            {
                outstanding.TryRemove(new Rid(1), new Tag(tag), out _);
            }

            Assert.True(config.BusMasterEnable);
            Assert.False(config.TryMatchBar(1UL << 50, 4, out _, out _));
            Assert.True(msix.TryRaise(0, out _, out _) == MsixOutcome.Deliver);
            Assert.True(msix.TryRaise(1, out _, out _) == MsixOutcome.Pending);
            Assert.False(msix.TryTakePending(out _, out _));
            Assert.True(config.Aer.Report(UncorrectableError.UnsupportedRequest, _first, advisory: true) is null);
        });
    }

    private static void AssertNoAllocation(Action round)
    {
        for (var i = 0; i < 100; i++)
        {
            round();
        }

        Assert.Equal(0, Allocations.FewestOf(() =>
        {
            for (var i = 0; i < Rounds; i++)
            {
                round();
            }
        }));
    }
}
