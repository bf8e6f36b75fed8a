using ExpEther.Backends.Files;
using ExpEther.Backends.Tests.Lab;
using ExpEther.Nvme.Backends;

namespace ExpEther.Backends.Tests.Files;

/// <summary>What direct I/O needs is asked of the kernel, and what does not fit is carried out all the same.</summary>
public sealed class DirectIoTests : IDisposable
{
    private const int DiskBytes = 2 << 20;

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("expether-direct-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Theory]
    [InlineData(FileEngineKind.Automatic)]
    [InlineData(FileEngineKind.Workers)]
    public void Memory_at_any_address_is_read_into_and_written_from(FileEngineKind engine)
    {
        // More than is bounced at once, more of them than can be bounced at once, and every odd address.
        const int Bytes = (512 << 10) + 512;
        var path = NewDisk(_directory.FullName, DiskBytes);
        using var backend = new FileBackend(path, new FileBackendOptions { Engine = engine });
        Assert.SkipUnless(backend.IsDirect, $"the file system of {_directory.FullName} has no O_DIRECT with 512-byte blocks");
        foreach (var off in new[] { 1, 2, 4, 511, 512, 2048 })
        {
            var data = BackendCalls.Buffer(Bytes, seed: off, offBytes: off);
            Assert.Equal(0, backend.Write(512 * off, data));
            var read = BackendCalls.Buffer(Bytes, offBytes: off + 1);
            Assert.Equal(0, backend.Read(512 * off, read));
            Assert.True(data.Span.SequenceEqual(read.Span));
        }

        var many = BackendCalls.Buffer(DiskBytes, seed: 3, offBytes: 1);
        for (var i = 0; i < 32; i++)
        {
            Assert.True(backend.TrySubmit(new BlockRequest(BlockOperation.Write, i * 65536, 65536, many.Slice(i * 65536, 65536), 0)));
        }

        for (var i = 0; i < 32; i++)
        {
            Assert.Equal(0, backend.Next().Error);
        }

        Assert.True(many.Span.SequenceEqual(File.ReadAllBytes(path)));
    }

    [Theory]
    [InlineData(512, false)]
    [InlineData(4096, true)]
    public void On_large_sectors_small_blocks_go_through_the_cache_and_large_ones_past_it(int block, bool isDirect)
    {
        using var device = LoopDevice.Make(_directory.FullName, 4096, 32 << 20);
        using var mounted = device.MountExt4(_directory.FullName);
        var path = NewDisk(mounted.Path, DiskBytes);
        using (var backend = new FileBackend(path, new FileBackendOptions { BlockBytes = block }))
        {
            Assert.Equal(isDirect, backend.IsDirect);
            WorksEverywhere(backend);
        }
    }

    [Theory]
    [InlineData(512)]
    [InlineData(4096)]
    public void Files_in_memory_and_files_with_holes_are_served(int block)
    {
        using var mounted = MountedFolder.Mount(_directory.FullName, "none", "-t", "tmpfs");
        foreach (var folder in new[] { mounted.Path, _directory.FullName })
        {
            using var backend = new FileBackend(NewDisk(folder, DiskBytes), new FileBackendOptions { BlockBytes = block });
            WorksEverywhere(backend);
        }
    }

    [Fact]
    public void A_file_of_one_block_is_served_past_the_cache_as_a_long_one_is()
    {
        using var large = new FileBackend(NewDisk(_directory.FullName, DiskBytes));
        using var one = new FileBackend(NewDisk(_directory.FullName, 512));
        Assert.Equal(large.IsDirect, one.IsDirect);
        var block = BackendCalls.Buffer(512, seed: 4);
        Assert.Equal(0, one.Write(0, block));
        var read = BackendCalls.Buffer(512);
        Assert.Equal(0, one.Read(0, read));
        Assert.Equal(block.ToArray(), read.ToArray());
    }

    [Theory]
    [InlineData(FileEngineKind.Automatic)]
    [InlineData(FileEngineKind.Workers)]
    public void A_file_cut_inside_a_block_meanwhile_gives_an_input_error_past_the_cache_too(FileEngineKind engine)
    {
        var path = NewDisk(_directory.FullName, 8192);
        using var backend = new FileBackend(path, new FileBackendOptions { Engine = engine });
        using (var file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            file.SetLength(4196);
        }

        Assert.Equal((int)Linux.Errno.EIO, backend.Read(4096, BackendCalls.Buffer(512)));
        Assert.Equal((int)Linux.Errno.EIO, backend.Read(0, BackendCalls.Buffer(8192)));
        Assert.Equal(0, backend.Read(0, BackendCalls.Buffer(4096)));
    }

    [Theory]
    [InlineData(FileEngineKind.Automatic)]
    [InlineData(FileEngineKind.Workers)]
    public void A_full_file_system_refuses_writes_with_its_own_error_and_goes_on(FileEngineKind engine)
    {
        using var mounted = MountedFolder.Mount(_directory.FullName, "none", "-t", "tmpfs", "-o", "size=1m");
        using var backend = new FileBackend(NewDisk(mounted.Path, 4 << 20), new FileBackendOptions { Engine = engine });
        var data = BackendCalls.Buffer(65536, seed: 1);
        var errors = Enumerable.Range(0, 64).Select(i => backend.Write(i * 65536, data)).ToHashSet();
        Assert.Equal([0, (int)Linux.Errno.ENOSPC], errors.Order());
        Assert.Equal((int)Linux.Errno.ENOSPC, backend.WriteZeroes(2 << 20, 2 << 20));
        var read = BackendCalls.Buffer(65536);
        Assert.Equal(0, backend.Read(0, read));
        Assert.True(data.Span.SequenceEqual(read.Span));
    }

    private static void WorksEverywhere(FileBackend backend)
    {
        var (block, end) = (backend.BlockBytes, (int)backend.LengthBytes);
        var zeroes = BackendCalls.Buffer(end);
        Assert.Equal(0, backend.Read(0, zeroes));
        Assert.True(zeroes.Span.IndexOfAnyExcept((byte)0) < 0);
        foreach (var (at, bytes) in new[] { (0, block), (block, 3 * block), (end - block, block), (end / 2, 65536), (end - (9 * block), 8 * block) })
        {
            var data = BackendCalls.Buffer(bytes, seed: at + 1);
            Assert.Equal(0, backend.Write(at, data));
            var read = BackendCalls.Buffer(bytes);
            Assert.Equal(0, backend.Read(at, read));
            Assert.True(data.Span.SequenceEqual(read.Span));
        }

        Assert.Equal(0, backend.Flush());
    }

    private static string NewDisk(string folder, long bytes)
    {
        var path = Path.Combine(folder, $"{Guid.NewGuid():N}.img");
        using var file = File.Create(path);
        file.SetLength(bytes);
        return path;
    }
}
