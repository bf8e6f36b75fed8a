using ExpEther.Nvme.Backends;
using ExpEther.Nvme.Protocol;
using ExpEther.Nvme.Tests.Host;

namespace ExpEther.Nvme.Tests.Controller;

public sealed class DurabilityTests
{
    private const uint ForceUnitAccess = 1u << 30;

    [Fact]
    public void Flush_reaches_the_backend_after_the_writes_it_covers_and_ends_after_it()
    {
        var backend = new RecordingBackend(64);
        var host = NvmeHost.Started(backend);
        host.CreateQueue(1);
        var buffer = host.Allocate(4096);
        host.Write(0, 8, buffer);
        backend.Holds = true;
        var flush = host.Submit(1, (byte)IoOpcode.Flush, 1);
        host.Host.Pump();
        Assert.False(host.Queue(1).TryTake(out _));
        backend.ReleaseAll();
        host.Host.Pump();
        Assert.Equal(NvmeStatus.Success, host.Expect(1, flush).Status);
        Assert.Equal([BlockOperation.Write, BlockOperation.Flush], backend.Log.Select(e => e.Operation));
    }

    [Fact]
    public void Force_unit_access_flushes_before_the_command_ends()
    {
        var backend = new RecordingBackend(64);
        var host = NvmeHost.Started(backend);
        host.CreateQueue(1);
        var buffer = host.Allocate(4096);
        host.Write(0, 1, buffer, dw12: ForceUnitAccess);
        host.Read(0, 1, buffer, dw12: ForceUnitAccess);
        host.Run(1, (byte)IoOpcode.WriteZeroes, 1, dw12: ForceUnitAccess);
        Assert.Equal(
            [BlockOperation.Write, BlockOperation.Flush, BlockOperation.Flush, BlockOperation.Read, BlockOperation.WriteZeroes, BlockOperation.Flush],
            backend.Log.Select(e => e.Operation));
    }

    [Fact]
    public void Without_the_volatile_cache_every_write_is_durable()
    {
        var backend = new RecordingBackend(64);
        var host = NvmeHost.Started(backend);
        host.CreateQueue(1);
        var buffer = host.Allocate(4096);
        Assert.Equal(1u, host.Admin(AdminOpcode.GetFeatures, dw10: (uint)FeatureId.VolatileWriteCache).Result);
        Assert.True(host.Admin(AdminOpcode.SetFeatures, dw10: (uint)FeatureId.VolatileWriteCache, dw11: 0).Status.IsSuccess);
        host.Write(0, 1, buffer);
        Assert.Equal([BlockOperation.Write, BlockOperation.Flush], backend.Log.Select(e => e.Operation));
    }

    [Fact]
    public void Flush_of_all_namespaces_reaches_all()
    {
        var first = new RecordingBackend(64);
        var second = new RecordingBackend(64);
        var host = NvmeHost.Started(first, second);
        host.CreateQueue(1);
        Assert.Equal(NvmeStatus.Success, host.Run(1, (byte)IoOpcode.Flush, NvmeSizes.BroadcastNamespace).Status);
        Assert.Single(first.Log);
        Assert.Single(second.Log);
    }

    [Fact]
    public void Write_zeroes_clears_exactly_its_range()
    {
        var backend = new RecordingBackend(8);
        backend.Data.AsSpan().Fill(0xAA);
        var host = NvmeHost.Started(backend);
        host.CreateQueue(1);
        Assert.Equal(NvmeStatus.Success, host.Run(1, (byte)IoOpcode.WriteZeroes, 1, dw10: 2, dw12: 2).Status);
        Assert.Equal(3 * 512, backend.Data.AsSpan().Count((byte)0));
        Assert.Equal(3 * 512, backend.Data.AsSpan(2 * 512, 3 * 512).Count((byte)0));
    }

    [Theory]
    [InlineData(BlockOperation.Read, 5, 0x0281)]
    [InlineData(BlockOperation.Write, 5, 0x0280)]
    [InlineData(BlockOperation.Flush, 5, 0x0280)]
    [InlineData(BlockOperation.WriteZeroes, 5, 0x0280)]
    [InlineData(BlockOperation.Write, 28, 0x0081)]
    [InlineData(BlockOperation.Write, 11, 0x0006)]
    public void A_backends_error_is_a_media_error_with_an_entry_in_the_log(BlockOperation operation, int errno, int status)
    {
        var backend = new RecordingBackend(64);
        backend.Errors[operation] = errno;
        var host = NvmeHost.Started(backend);
        host.CreateQueue(1);
        var buffer = host.Allocate(4096);
        var opcode = operation switch
        {
            BlockOperation.Read => IoOpcode.Read,
            BlockOperation.Write => IoOpcode.Write,
            BlockOperation.Flush => IoOpcode.Flush,
            _ => IoOpcode.WriteZeroes,
        };
        var entry = host.Run(1, (byte)opcode, 1, dw10: 7, prp1: buffer);
        Assert.Equal(status, entry.Status.Value & 0x7FF);
        Assert.True(entry.Status.More);
        Assert.Equal(status >> 8 == 2 ? 1ul : 0, new SmartLog(host.LogPage(LogPageId.Smart, SmartLog.Bytes)).MediaErrors);
        Assert.Equal(7ul, ErrorInformationEntry.Read(host.LogPage(LogPageId.ErrorInformation, 64)).Lba);
    }
}
