using ExpEther.Nvme.Backends;
using ExpEther.Nvme.Protocol;
using ExpEther.Nvme.Tests.Host;

namespace ExpEther.Nvme.Tests.Controller;

public sealed class CompareAndVerifyTests
{
    private const uint ForceUnitAccess = 1u << 30;

    [Theory]
    [InlineData(1)]
    [InlineData(9)]
    [InlineData(512)]
    public void Compare_succeeds_on_equal_data_and_names_the_first_block_that_differs(int blocks)
    {
        var backend = new RecordingBackend(1024);
        var host = Started(backend);
        new SeededRandom(3).Fill(backend.Data);
        var pages = Enumerable.Range(0, Math.Max(1, (blocks * 512 + 4095) / 4096)).Select(_ => host.Allocate(4096)).ToArray();
        for (var i = 0; i < blocks; i++)
        {
            backend.Data.AsSpan((7 + i) * 512, 512).CopyTo(host.Host.At(pages[i / 8] + (ulong)(i % 8 * 512), 512));
        }

        var (prp1, prp2) = host.Prps(pages);
        CompletionEntry Compare() => host.Run(1, (byte)IoOpcode.Compare, 1, dw10: 7, dw12: (uint)(blocks - 1), prp1: prp1, prp2: prp2);
        Assert.Equal(NvmeStatus.Success, Compare().Status);

        backend.Data[((7 + blocks) * 512) - 1] ^= 1;
        Assert.True(Compare().Status.Is(NvmeStatus.CompareFailure));
        Assert.Equal((ulong)(7 + blocks - 1), ErrorInformationEntry.Read(host.LogPage(LogPageId.ErrorInformation, 64)).Lba);
        Assert.Equal(2ul, new SmartLog(host.LogPage(LogPageId.Smart, SmartLog.Bytes)).HostReadCommands);
    }

    [Fact]
    public void Many_compares_of_the_largest_size_share_the_buffers()
    {
        var backend = new RecordingBackend(1024);
        var host = Started(backend);
        var pages = Enumerable.Range(0, 64).Select(_ => host.Allocate(4096)).ToArray();
        var (prp1, prp2) = host.Prps(pages);
        for (var i = 0; i < 15; i++)
        {
            host.Submit(1, i % 3 == 2 ? (byte)IoOpcode.Write : (byte)IoOpcode.Compare, 1, dw12: 511, prp1: prp1, prp2: prp2);
        }

        host.Host.Pump();
        for (var i = 0; i < 15; i++)
        {
            Assert.True(host.Queue(1).TryTake(out var entry));
            Assert.Equal(NvmeStatus.Success, entry.Status);
        }
    }

    [Fact]
    public void Verify_reads_every_block_and_tells_of_one_that_cannot_be_read()
    {
        var backend = new RecordingBackend(4096);
        var host = Started(backend);
        Assert.Equal(NvmeStatus.Success, host.Run(1, (byte)IoOpcode.Verify, 1, dw10: 8, dw12: 1199).Status);
        Assert.Equal(
            [
                (BlockOperation.Read, 4096, 256 * 1024), (BlockOperation.Read, 4096 + (256 * 1024), 256 * 1024),
                (BlockOperation.Read, 4096 + (512 * 1024), 176 * 512),
            ],
            backend.Log);
        backend.Errors[BlockOperation.Read] = 5;
        Assert.True(host.Run(1, (byte)IoOpcode.Verify, 1).Status.Is(NvmeStatus.UnrecoveredReadError));
    }

    [Theory]
    [InlineData(IoOpcode.Compare)]
    [InlineData(IoOpcode.Verify)]
    public void With_force_unit_access_the_cache_is_written_first(IoOpcode opcode)
    {
        var backend = new RecordingBackend(64);
        var host = Started(backend);
        Assert.Equal(NvmeStatus.Success, host.Run(1, (byte)opcode, 1, dw12: ForceUnitAccess, prp1: host.Allocate(4096)).Status);
        Assert.Equal([BlockOperation.Flush, BlockOperation.Read], backend.Log.Select(e => e.Operation));
    }

    private static NvmeHost Started(RecordingBackend backend)
    {
        var host = NvmeHost.Started(backend);
        host.CreateQueue(1);
        return host;
    }
}
