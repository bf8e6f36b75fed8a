using CsCheck;
using ExpEther.Nvme.Protocol;
using ExpEther.Nvme.Tests.Host;

namespace ExpEther.Nvme.Tests.Controller;

/// <summary>Any legal scatter of host memory carries the same bytes, both ways, however the completions are cut and ordered.</summary>
public sealed class PrpPropertyTests
{
    private const int BlocksMax = 256;

    [Fact]
    public void Any_legal_scatter_reads_and_writes_the_same_bytes()
    {
        var gen = Gen.Select(
            Gen.Int[1, BlocksMax], Gen.Int[0, 1023], Gen.Int[0, 511], Gen.Int[0, 2], Gen.Int[0, 3], Gen.Int[0, 5], Gen.ULong);
        gen.Sample(
            (blocks, offsetDwords, listSlot, mps, payload, request, seed) =>
                Check(blocks, offsetDwords * 4, listSlot * 8, mps, 128 << payload, 128 << request, seed),
            iter: 150, threads: 1);
    }

    private static void Check(int blocks, int offset, int listOffset, int mps, int maxPayloadBytes, int maxReadRequestBytes, ulong seed)
    {
        var backend = new RecordingBackend(1024);
        var host = new NvmeHost(mps, o => o with { MaxDataTransferBytes = 128 * 1024 }, backend);
        host.Start(maxPayloadBytes, maxReadRequestBytes);
        host.CreateQueue(1);
        host.Host.Shuffles = true;
        var random = new SeededRandom(seed);
        var bytes = blocks * 512;
        var pageBytes = host.PageBytes;
        var count = (offset + bytes + pageBytes - 1) / pageBytes;
        var pool = Enumerable.Range(0, count).Select(_ => host.Allocate(pageBytes)).ToList();
        var pages = new List<ulong>();
        while (pool.Count > 0)
        {
            var pick = random.Next(pool.Count);
            pages.Add(pool[pick]);
            pool.RemoveAt(pick);
        }

        var data = new byte[bytes];
        random.Fill(data);
        Scatter(data, store: true);
        pages[0] += (ulong)offset;
        var (prp1, prp2) = host.Prps(pages, listOffset);
        Assert.Equal(NvmeStatus.Success, host.Write(3, blocks, prp1, prp2).Status);
        Assert.Equal(data, backend.Data.AsSpan(3 * 512, bytes).ToArray());

        pages[0] -= (ulong)offset;
        foreach (var page in pages)
        {
            host.Host.At(page, pageBytes).Fill(0xEE);
        }

        Assert.Equal(NvmeStatus.Success, host.Read(3, blocks, prp1, prp2).Status);
        var back = new byte[bytes];
        Scatter(back, store: false);
        Assert.Equal(data, back);
        Assert.Equal(offset, host.Host.At(pages[0], offset).Count((byte)0xEE));
        Assert.Equal(0, host.Host.OutstandingReads);

        void Scatter(byte[] flat, bool store)
        {
            for (var at = 0; at < bytes;)
            {
                var position = offset + at;
                var inPage = position % pageBytes;
                var run = Math.Min(pageBytes - inPage, bytes - at);
                var memory = host.Host.At(pages[position / pageBytes] + (ulong)inPage, run);
                if (store)
                {
                    flat.AsSpan(at, run).CopyTo(memory);
                }
                else
                {
                    memory.CopyTo(flat.AsSpan(at));
                }

                at += run;
            }
        }
    }
}
