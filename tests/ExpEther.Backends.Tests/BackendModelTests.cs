using ExpEther.Backends.Files;
using ExpEther.Backends.Ram;
using ExpEther.Backends.Tests.Lab;
using ExpEther.Nvme.Backends;

namespace ExpEther.Backends.Tests;

/// <summary>What every backend promises, against an array that is the disk as it should be.</summary>
public sealed class BackendModelTests : IDisposable
{
    private const int Blocks = 3000;
    private const int RequestBlocksMax = 40;

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("expether-backends-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Theory]
    [InlineData("ram", 512, 0)]
    [InlineData("ram", 4096, 0)]
    [InlineData("buffered", 512, 0)]
    [InlineData("buffered", 512, 4)]
    [InlineData("buffered workers", 512, 4)]
    [InlineData("direct", 512, 0)]
    [InlineData("direct", 4096, 0)]
    [InlineData("direct workers", 512, 0)]
    [InlineData("direct workers", 4096, 0)]
    public void Any_sequence_of_requests_leaves_and_returns_the_right_bytes(string kind, int blockBytes, int bufferOffBytes)
    {
        var random = new SeededRandom((ulong)(blockBytes + bufferOffBytes + kind.Length));
        var disk = new byte[Blocks * blockBytes];
        random.Fill(disk);
        var backend = Open(kind, disk, blockBytes);
        try
        {
            for (var step = 0; step < 300; step++)
            {
                Step(backend, disk, random, step, bufferOffBytes);
            }

            Assert.Equal(0, backend.Flush());
            var all = BackendCalls.Buffer(disk.Length);
            Assert.Equal(0, backend.Read(0, all));
            Assert.True(disk.AsSpan().SequenceEqual(all.Span));
        }
        finally
        {
            (backend as IDisposable)?.Dispose();
        }

        if (kind != "ram")
        {
            Assert.True(disk.AsSpan().SequenceEqual(File.ReadAllBytes(DiskPath)));
        }
    }

    [Theory]
    [InlineData("ram")]
    [InlineData("buffered")]
    [InlineData("buffered workers")]
    public void A_read_only_backend_reads_and_flushes_but_never_writes(string kind)
    {
        var disk = BackendCalls.Buffer(8192, seed: 1).ToArray();
        IBlockBackend backend;
        if (kind == "ram")
        {
            var ram = new RamBackend(disk.Length, isReadOnly: true);
            ram.Load(0, disk);
            backend = ram;
        }
        else
        {
            File.WriteAllBytes(DiskPath, disk);
            File.SetUnixFileMode(DiskPath, UnixFileMode.UserRead);
            backend = new FileBackend(DiskPath, new FileBackendOptions { IsReadOnly = true, Engine = EngineOf(kind) });
        }

        using (backend as IDisposable)
        {
            Assert.True(backend.IsReadOnly);
            Assert.Equal((int)Linux.Errno.EROFS, backend.Write(0, BackendCalls.Buffer(512, seed: 2)));
            Assert.Equal((int)Linux.Errno.EROFS, backend.WriteZeroes(0, 512));
            Assert.Equal((int)Linux.Errno.EROFS, backend.Deallocate(0, 512));
            Assert.Equal(0, backend.Flush());
            var read = BackendCalls.Buffer(disk.Length);
            Assert.Equal(0, backend.Read(0, read));
            Assert.True(disk.AsSpan().SequenceEqual(read.Span));
        }
    }

    [Theory]
    [InlineData("ram")]
    [InlineData("buffered")]
    [InlineData("buffered workers")]
    public void A_full_queue_refuses_until_a_completion_is_taken_and_loses_none(string kind)
    {
        var backend = Open(kind, new byte[4096], 512);
        using (backend as IDisposable)
        {
            var buffer = BackendCalls.Buffer(512);
            for (uint i = 0; i < BackendLimits.RequestsMax; i++)
            {
                Assert.True(backend.TrySubmit(new BlockRequest(BlockOperation.Read, 0, 512, buffer, i)));
            }

            var late = new BlockRequest(BlockOperation.Read, 0, 512, buffer, BackendLimits.RequestsMax);
            Assert.False(backend.TrySubmit(late));
            HashSet<uint> ended = [backend.Next().Cookie];
            Assert.True(backend.TrySubmit(late));
            Assert.False(backend.TrySubmit(late));
            for (uint i = 1; i <= BackendLimits.RequestsMax; i++)
            {
                Assert.True(ended.Add(backend.Next().Cookie));
            }

            Assert.Equal(BackendLimits.RequestsMax + 1, ended.Count);
            Assert.False(backend.TryTakeCompletion(out _));
        }
    }

    [Theory]
    [InlineData("ram")]
    [InlineData("buffered")]
    [InlineData("buffered workers")]
    public void Requests_outside_the_disk_or_off_its_blocks_end_in_an_error_and_the_backend_goes_on(string kind)
    {
        var backend = Open(kind, new byte[4096], 512);
        using (backend as IDisposable)
        {
            var buffer = BackendCalls.Buffer(1024);
            (long, int)[] wrong =
            [
                (-512, 512), (4096, 512), (3584, 1024), (100, 512), (0, 100), (0, 0), (0, 2048), (0, -512), (long.MaxValue - 511, 512), (long.MinValue, 512),
            ];
            foreach (var (offset, bytes) in wrong)
            {
                Assert.Equal((int)Linux.Errno.EINVAL, backend.Do(new BlockRequest(BlockOperation.Read, offset, bytes, buffer, 7)));
            }

            Assert.Equal((int)Linux.Errno.EINVAL, backend.Do(new BlockRequest((BlockOperation)99, 0, 512, buffer, 7)));
            Assert.Equal(0, backend.Read(3072, buffer));
        }
    }

    [Theory]
    [InlineData("ram")]
    [InlineData("buffered")]
    [InlineData("buffered workers")]
    public void Requests_allocate_nothing(string kind)
    {
        var backend = Open(kind, new byte[65536], 512);
        using (backend as IDisposable)
        {
            var buffer = BackendCalls.Buffer(4096, seed: 1);
            void Pass(BlockOperation operation)
            {
                backend.TrySubmit(new BlockRequest(operation, 0, 4096, buffer, 0));
                while (!backend.TryTakeCompletion(out _))
                {
                    Thread.Yield();
                }
            }

            Pass(BlockOperation.Write);
            Pass(BlockOperation.Read);
            Assert.Equal(0, Allocations.FewestOf(() =>
            {
                for (var i = 0; i < 500; i++)
                {
                    Pass(BlockOperation.Write);
                    Pass(BlockOperation.Read);
                }
            }));
        }
    }

    private string DiskPath => Path.Combine(_directory.FullName, "disk.img");

    private static void Step(IBlockBackend backend, byte[] disk, SeededRandom random, int step, int bufferOffBytes)
    {
        var blocks = 1 + random.Next(RequestBlocksMax);
        var offset = random.Next(Blocks - blocks + 1) * backend.BlockBytes;
        var bytes = blocks * backend.BlockBytes;
        var buffer = BackendCalls.Buffer(bytes, seed: step + 1, bufferOffBytes);
        var range = disk.AsSpan(offset, bytes);
        switch (random.Next(5))
        {
            case 4:
                // Every file system that the tests run on can make holes; the RAM disk always.
                Assert.True(backend.DeallocatedReadsZeroes);
                Assert.Equal(0, backend.Deallocate(offset, bytes));
                range.Clear();
                break;
            case 0:
                Assert.Equal(0, backend.Write(offset, buffer));
                buffer.Span.CopyTo(range);
                break;
            case 1:
                Assert.Equal(0, backend.WriteZeroes(offset, bytes));
                range.Clear();
                break;
            case 2:
                Assert.Equal(0, backend.Flush());
                break;
            default:
                Assert.Equal(0, backend.Read(offset, buffer));
                Assert.True(range.SequenceEqual(buffer.Span));
                break;
        }
    }

    private static FileEngineKind EngineOf(string kind) =>
        kind.EndsWith("workers", StringComparison.Ordinal) ? FileEngineKind.Workers : FileEngineKind.Automatic;

    private IBlockBackend Open(string kind, byte[] disk, int blockBytes)
    {
        if (kind == "ram")
        {
            var ram = new RamBackend(disk.Length, blockBytes);
            ram.Load(0, disk);
            return ram;
        }

        File.WriteAllBytes(DiskPath, disk);
        var isDirect = kind.StartsWith("direct", StringComparison.Ordinal);
        var file = new FileBackend(DiskPath, new FileBackendOptions { BlockBytes = blockBytes, Direct = isDirect, Engine = EngineOf(kind) });
        if (isDirect && !file.IsDirect)
        {
            file.Dispose();
            Assert.Skip($"the file system of {_directory.FullName} has no O_DIRECT with {blockBytes}-byte blocks");
        }

        return file;
    }
}
