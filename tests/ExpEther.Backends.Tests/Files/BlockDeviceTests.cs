using ExpEther.Backends.Files;
using ExpEther.Backends.Tests.Lab;

namespace ExpEther.Backends.Tests.Files;

public sealed class BlockDeviceTests : IDisposable
{
    private const int DiskBytes = 8 << 20;

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("expether-device-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Theory]
    [InlineData(512, 512, FileEngineKind.Automatic)]
    [InlineData(512, 4096, FileEngineKind.Workers)]
    [InlineData(4096, 4096, FileEngineKind.Automatic)]
    [InlineData(4096, 4096, FileEngineKind.Workers)]
    public void A_device_is_read_written_zeroed_and_given_back_past_the_cache(int sector, int block, FileEngineKind engine)
    {
        using var device = LoopDevice.Make(_directory.FullName, sector, DiskBytes);
        var data = BackendCalls.Buffer(65536, seed: 9);
        using (var backend = new FileBackend(device.Path, new FileBackendOptions { BlockBytes = block, Engine = engine }))
        {
            Assert.Equal(DiskBytes, backend.LengthBytes);
            Assert.True(backend.IsDirect);
            Assert.True(backend.DeallocatedReadsZeroes);
            Assert.Equal(0, backend.Write(block, data));
            Assert.Equal(0, backend.Write(DiskBytes - block, data[..block]));
            Assert.Equal(0, backend.WriteZeroes(3 * block, block));
            Assert.Equal(0, backend.Deallocate(5 * block, 2 * block));
            Assert.Equal(0, backend.Flush());
            var expected = data.ToArray();
            expected.AsSpan(2 * block, block).Clear();
            expected.AsSpan(4 * block, 2 * block).Clear();
            var read = BackendCalls.Buffer(65536);
            Assert.Equal(0, backend.Read(block, read));
            Assert.Equal(expected, read.ToArray());
            Assert.Equal((int)Linux.Errno.EINVAL, backend.Read(DiskBytes, read[..block]));
        }

        Assert.Equal(data[..block].ToArray(), device.Contents[^block..]);
    }

    [Fact]
    public void A_device_is_served_by_a_link_to_it_and_by_a_node_of_another_name()
    {
        using var device = LoopDevice.Make(_directory.FullName, 512, DiskBytes);
        var link = Path.Combine(_directory.FullName, "by-id");
        File.CreateSymbolicLink(link, device.Path);
        using (var backend = new FileBackend(link))
        {
            Assert.Equal(DiskBytes, backend.LengthBytes);
            Assert.True(backend.DeallocatedReadsZeroes);
        }

        var node = Path.Combine(_directory.FullName, "node");
        Assert.Null(RootTools.Ask(out var number, "stat", "-c", "%Hr %Lr", device.Path));
        Assert.Null(RootTools.Run("mknod", [node, "b", .. number.Split(' ')]));
        using (var backend = new FileBackend(node))
        {
            Assert.Equal(DiskBytes, backend.LengthBytes);
            Assert.True(backend.DeallocatedReadsZeroes);
        }
    }

    [Fact]
    public void A_device_of_large_sectors_is_refused_with_small_blocks()
    {
        using var device = LoopDevice.Make(_directory.FullName, 4096, DiskBytes);
        var refused = Assert.Throws<BackendException>(() => new FileBackend(device.Path, new FileBackendOptions { BlockBytes = 512 }));
        Assert.Contains("4096-byte sectors; serve it with blocks of 4096", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_device_that_can_only_be_read_is_served_only_so()
    {
        using var device = LoopDevice.Make(_directory.FullName, 512, DiskBytes, isReadOnly: true);
        var refused = Assert.Throws<BackendException>(() => new FileBackend(device.Path));
        Assert.Contains("read-only", refused.Message, StringComparison.Ordinal);
        using var backend = new FileBackend(device.Path, new FileBackendOptions { IsReadOnly = true });
        Assert.Equal(0, backend.Read(0, BackendCalls.Buffer(4096)));
        Assert.Equal((int)Linux.Errno.EROFS, backend.Write(0, BackendCalls.Buffer(4096)));
    }

    [Fact]
    public void A_device_in_use_is_refused_in_words()
    {
        using var device = LoopDevice.Make(_directory.FullName, 512, 16 << 20);
        using (device.MountExt4(_directory.FullName))
        {
            Assert.Contains(
                "is in use: mounted", Assert.Throws<BackendException>(() => new FileBackend(device.Path)).Message, StringComparison.Ordinal);
        }

        using var first = new FileBackend(device.Path);
        Assert.Contains("served already", Assert.Throws<BackendException>(() => new FileBackend(device.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_loop_device_without_a_file_is_a_device_without_a_medium()
    {
        string path;
        using (var device = LoopDevice.Make(_directory.FullName, 512, DiskBytes))
        {
            path = device.Path;
        }

        Assert.Contains("without a medium", Assert.Throws<BackendException>(() => new FileBackend(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_pipe_and_a_character_device_are_refused_and_not_waited_for()
    {
        var pipe = Path.Combine(_directory.FullName, "pipe");
        Assert.Null(RootTools.Run("mkfifo", pipe));
        foreach (var path in new[] { pipe, "/dev/null" })
        {
            Assert.Contains(
                "neither a file nor a block device", Assert.Throws<BackendException>(() => new FileBackend(path)).Message, StringComparison.Ordinal);
        }
    }
}
