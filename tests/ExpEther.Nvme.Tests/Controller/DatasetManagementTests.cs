using CsCheck;
using ExpEther.Nvme.Backends;
using ExpEther.Nvme.Protocol;
using ExpEther.Nvme.Tests.Host;

namespace ExpEther.Nvme.Tests.Controller;

public sealed class DatasetManagementTests
{
    private const int Blocks = 1024;
    private const uint Deallocate = 1 << 2;

    [Fact]
    public void Identify_offers_it_and_says_how_deallocated_blocks_read_and_what_granularity_pays()
    {
        var host = NvmeHost.Started(
            new RecordingBackend(Blocks) { WriteGranularityBytes = 4096, DeallocateGranularityBytes = 65536 },
            new RecordingBackend(Blocks) { DeallocatedReadsZeroes = false });
        Assert.True(new IdentifyController(host.Identify(IdentifyCns.Controller)).OptionalNvmCommands.HasFlag(OptionalNvmCommands.DatasetManagement));
        var first = new IdentifyNamespace(host.Identify(IdentifyCns.Namespace, 1));
        Assert.Equal(DeallocateFeatures.ReadsZeroes | DeallocateFeatures.WriteZeroesDeallocates, first.DeallocateFeatures);
        Assert.True(first.HasOptimalSizes);
        Assert.Equal((7, 127), (first.PreferredWriteGranularity, first.PreferredDeallocateGranularity));
        Assert.Equal(DeallocateFeatures.None, new IdentifyNamespace(host.Identify(IdentifyCns.Namespace, 2)).DeallocateFeatures);
    }

    [Fact]
    public void Any_ranges_are_deallocated_and_nothing_else()
    {
        Gen.ULong.Sample(
            seed =>
            {
                var random = new SeededRandom(seed);
                var backend = new RecordingBackend(Blocks);
                random.Fill(backend.Data);
                var expected = backend.Data.ToArray();
                var host = Started(backend);
                var ranges = Enumerable.Range(0, 1 + random.Next(random.Chance(0.2) ? 256 : 8)).Select(_ =>
                {
                    var blocks = random.Next(random.Chance(0.2) ? Blocks : 20);
                    return new DatasetRange((ulong)random.Next(Blocks - blocks + 1), (uint)blocks, (uint)random.Next(int.MaxValue));
                }).ToArray();
                var takes = random.Chance(0.8);
                var attributes = (takes ? Deallocate : 0) | (uint)random.Next(4);
                Assert.Equal(NvmeStatus.Success, Run(host, ranges, attributes, random.Next(4096) & ~3).Status);
                foreach (var range in takes ? ranges : [])
                {
                    expected.AsSpan((int)range.StartingLba * 512, (int)range.Blocks * 512).Clear();
                }

                Assert.True(expected.AsSpan().SequenceEqual(backend.Data));
            },
            iter: 100, threads: 1);
    }

    [Theory]
    [InlineData(Blocks, 1u)]
    [InlineData(Blocks - 1, 2u)]
    [InlineData(0, Blocks + 1u)]
    [InlineData(ulong.MaxValue, 1u)]
    [InlineData(1, uint.MaxValue)]
    public void One_range_beyond_the_end_refuses_all_of_them_and_is_named_in_the_log(ulong lba, uint blocks)
    {
        var backend = new RecordingBackend(Blocks);
        var host = Started(backend);
        var entry = Run(host, [new DatasetRange(0, 8), new DatasetRange(lba, blocks), new DatasetRange(16, 8)], Deallocate);
        Assert.True(entry.Status.Is(NvmeStatus.LbaOutOfRange), entry.Status.ToString());
        Assert.Empty(backend.Log);
        Assert.Equal(lba, ErrorInformationEntry.Read(host.LogPage(LogPageId.ErrorInformation, 64)).Lba);
    }

    [Fact]
    public void A_long_range_reaches_the_backend_in_pieces()
    {
        var backend = new RecordingBackend((64 << 20) / 4096 * 2, 4096);
        var host = Started(backend);
        Assert.Equal(NvmeStatus.Success, Run(host, [new DatasetRange(1, (100 << 20) / 4096)], Deallocate).Status);
        Assert.Equal(
            [(BlockOperation.Deallocate, 4096, 64 << 20), (BlockOperation.Deallocate, 4096 + (64L << 20), 36 << 20)], backend.Log);
    }

    [Theory]
    [InlineData(5, 0x0280)]
    [InlineData(28, 0x0081)]
    public void A_backends_error_ends_it_and_names_the_block(int errno, int status)
    {
        var backend = new RecordingBackend(Blocks);
        backend.Errors[BlockOperation.Deallocate] = errno;
        var host = Started(backend);
        var entry = Run(host, [new DatasetRange(40, 8), new DatasetRange(0, 8)], Deallocate);
        Assert.Equal(status, entry.Status.Value & 0x7FF);
        Assert.Single(backend.Log);
        Assert.Equal(40ul, ErrorInformationEntry.Read(host.LogPage(LogPageId.ErrorInformation, 64)).Lba);
    }

    [Fact]
    public void Without_the_volatile_cache_a_deallocation_is_durable_before_it_ends()
    {
        var backend = new RecordingBackend(Blocks);
        var host = Started(backend);
        Assert.True(host.Admin(AdminOpcode.SetFeatures, dw10: (uint)FeatureId.VolatileWriteCache, dw11: 0).Status.IsSuccess);
        Run(host, [new DatasetRange(0, 8)], Deallocate);
        Assert.Equal([BlockOperation.Deallocate, BlockOperation.Flush], backend.Log.Select(e => e.Operation));
    }

    [Theory]
    [InlineData(true, true, BlockOperation.Deallocate)]
    [InlineData(true, false, BlockOperation.WriteZeroes)]
    [InlineData(false, true, BlockOperation.WriteZeroes)]
    public void Write_zeroes_deallocates_only_where_the_host_allows_it_and_that_gives_zeroes(
        bool allows, bool givesZeroes, BlockOperation expected)
    {
        var backend = new RecordingBackend(Blocks) { DeallocatedReadsZeroes = givesZeroes };
        var host = Started(backend);
        Assert.Equal(NvmeStatus.Success, host.Run(1, (byte)IoOpcode.WriteZeroes, 1, dw12: 7 | (allows ? 1u << 25 : 0)).Status);
        Assert.Equal([expected], backend.Log.Select(e => e.Operation));
    }

    private static NvmeHost Started(RecordingBackend backend)
    {
        var host = NvmeHost.Started(backend);
        host.CreateQueue(1);
        return host;
    }

    private static CompletionEntry Run(NvmeHost host, DatasetRange[] ranges, uint attributes, int offset = 0)
    {
        var at = host.Allocate(3 * 4096);
        var bytes = ranges.Length * DatasetRange.Bytes;
        for (var i = 0; i < ranges.Length; i++)
        {
            ranges[i].Write(host.Host.At(at + (ulong)offset + (ulong)(i * DatasetRange.Bytes), DatasetRange.Bytes));
        }

        return host.Run(
            1, (byte)IoOpcode.DatasetManagement, 1, dw10: (uint)ranges.Length - 1, dw11: attributes, prp1: at + (ulong)offset,
            prp2: offset + bytes > 4096 ? at + 4096 : 0);
    }
}
