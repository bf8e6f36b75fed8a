using System.Diagnostics;
using ExpEther.Backends.Files;
using ExpEther.Backends.Tests.Lab;
using ExpEther.Nvme.Backends;

namespace ExpEther.Backends.Tests.Files;

public sealed class FileBackendTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("expether-file-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void A_missing_file_says_how_to_make_one()
    {
        var refused = Assert.Throws<BackendException>(() => new FileBackend(DiskPath));
        Assert.Contains($"'{DiskPath}' does not exist", refused.Message, StringComparison.Ordinal);
        Assert.Contains("truncate -s", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, "is empty")]
    [InlineData(1000, "truncate -s 1024 ")]
    [InlineData(513, "not a multiple of its block size 512")]
    public void A_file_of_a_wrong_size_says_which_is_right(int bytes, string expected)
    {
        File.WriteAllBytes(DiskPath, new byte[bytes]);
        Assert.Contains(expected, Assert.Throws<BackendException>(() => new FileBackend(DiskPath)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_directory_and_a_wrong_block_size_are_refused()
    {
        Assert.Contains("is a directory", Assert.Throws<BackendException>(() => new FileBackend(_directory.FullName)).Message, StringComparison.Ordinal);
        File.WriteAllBytes(DiskPath, new byte[4096]);
        var refused = Assert.Throws<BackendException>(() => new FileBackend(DiskPath, new FileBackendOptions { BlockBytes = 1024 }));
        Assert.Contains("512 or 4096", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_served_already_is_refused_and_free_again_afterwards()
    {
        File.WriteAllBytes(DiskPath, new byte[4096]);
        using (new FileBackend(DiskPath))
        {
            Assert.Contains("already served", Assert.Throws<BackendException>(() => new FileBackend(DiskPath)).Message, StringComparison.Ordinal);
        }

        var options = new FileBackendOptions { IsReadOnly = true };
        using var one = new FileBackend(DiskPath, options);
        using var two = new FileBackend(DiskPath, options);
        Assert.Equal(4096, two.LengthBytes);
    }

    [Fact]
    public void A_file_cut_short_meanwhile_gives_errors_and_the_rest_goes_on()
    {
        File.WriteAllBytes(DiskPath, new byte[8192]);
        using var backend = new FileBackend(DiskPath, new FileBackendOptions { Direct = false });
        using (var file = new FileStream(DiskPath, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            file.SetLength(4096);
        }

        Assert.Equal((int)Linux.Errno.EIO, backend.Read(4096, BackendCalls.Buffer(512)));
        Assert.Equal(0, backend.Read(0, BackendCalls.Buffer(512)));
    }

    [Fact]
    public void Zeroed_blocks_do_not_lengthen_the_file()
    {
        File.WriteAllBytes(DiskPath, BackendCalls.Buffer(8192, seed: 1).ToArray());
        using var backend = new FileBackend(DiskPath);
        Assert.Equal(0, backend.WriteZeroes(4096, 4096));
        Assert.Equal(8192, new FileInfo(DiskPath).Length);
    }

    [Theory]
    [InlineData(FileEngineKind.Automatic)]
    [InlineData(FileEngineKind.Workers)]
    public void Requests_that_overlap_are_carried_out_in_their_order(FileEngineKind engine)
    {
        // A block of many pages, all of one byte: a read beside a write would see two.
        const int Bytes = 256 * 1024;
        File.WriteAllBytes(DiskPath, new byte[Bytes]);
        using var backend = new FileBackend(DiskPath, new FileBackendOptions { Direct = false, Engine = engine });
        var written = BackendCalls.Buffer(32 * Bytes);
        var read = BackendCalls.Buffer(32 * Bytes, seed: 1);
        for (var round = 0; round < 32; round++)
        {
            var at = round * Bytes;
            written.Span.Slice(at, Bytes).Fill((byte)(round + 1));
            Assert.True(backend.TrySubmit(new BlockRequest(BlockOperation.Write, 0, Bytes, written.Slice(at, Bytes), 0)));
            Assert.True(backend.TrySubmit(new BlockRequest(BlockOperation.Read, 0, Bytes, read.Slice(at, Bytes), 1)));
        }

        for (var i = 0; i < 64; i++)
        {
            Assert.Equal(0, backend.Next().Error);
        }

        Assert.True(written.Span.SequenceEqual(read.Span));
    }

    [Theory]
    [InlineData(FileEngineKind.Automatic)]
    [InlineData(FileEngineKind.Workers)]
    public void Deallocation_gives_the_files_blocks_back_and_write_zeroes_keeps_them(FileEngineKind engine)
    {
        const int Bytes = 4 << 20;
        File.WriteAllBytes(DiskPath, BackendCalls.Buffer(Bytes, seed: 1).ToArray());
        using (var backend = new FileBackend(DiskPath, new FileBackendOptions { Engine = engine }))
        {
            Assert.True(backend.DeallocatedReadsZeroes);
            Assert.Equal(4096, backend.DeallocateGranularityBytes);
            Assert.Equal(0, backend.Flush());
            var whole = AllocatedBytes();
            Assert.Equal(0, backend.WriteZeroes(0, Bytes / 2));
            Assert.Equal(0, backend.Flush());
            Assert.Equal(whole, AllocatedBytes());
            Assert.Equal(0, backend.Deallocate(0, Bytes / 2));
            Assert.Equal(0, backend.Flush());
            Assert.InRange(AllocatedBytes(), 1, whole - (Bytes / 2) + 65536);
        }

        Assert.Equal(Bytes, new FileInfo(DiskPath).Length);
    }

    [Fact]
    public void Where_holes_cannot_be_made_deallocation_succeeds_without_effect_and_promises_nothing()
    {
        Assert.SkipUnless(Ramfs.TryMake(_directory.FullName, out var folder, out var why), why);
        using var mounted = folder;
        var path = Path.Combine(mounted!.Path, "disk.img");
        var disk = BackendCalls.Buffer(65536, seed: 1);
        File.WriteAllBytes(path, disk.ToArray());
        using var backend = new FileBackend(path, new FileBackendOptions { Direct = false });
        Assert.False(backend.DeallocatedReadsZeroes);
        Assert.Equal(0, backend.Deallocate(0, 65536));
        Assert.Equal(0, backend.WriteZeroes(0, 4096));
        var read = BackendCalls.Buffer(65536);
        Assert.Equal(0, backend.Read(0, read));
        Assert.True(read.Span[..4096].IndexOfAnyExcept((byte)0) < 0);
        Assert.True(read.Span[4096..].SequenceEqual(disk.Span[4096..]));
    }

    [Theory]
    [InlineData(FileEngineKind.Automatic)]
    [InlineData(FileEngineKind.Workers)]
    public void An_owner_that_always_sleeps_is_woken_for_every_completion(FileEngineKind engine)
    {
        File.WriteAllBytes(DiskPath, new byte[65536]);
        using var backend = new FileBackend(DiskPath, new FileBackendOptions { Direct = false, Engine = engine });
        var random = new SeededRandom(3);
        var buffer = BackendCalls.Buffer(512);
        for (uint round = 0; round < 5000; round++)
        {
            var depth = 1 + random.Next(4);
            for (var i = 0; i < depth; i++)
            {
                Assert.True(backend.TrySubmit(new BlockRequest(BlockOperation.Read, 512 * random.Next(128), 512, buffer, round)));
            }

            for (var i = 0; i < depth; i++)
            {
                Assert.Equal(new BlockCompletion(round, 0), backend.Next());
            }
        }
    }

    [Theory]
    [InlineData(FileEngineKind.Automatic)]
    [InlineData(FileEngineKind.Workers)]
    public void What_was_submitted_is_carried_out_before_the_file_is_closed(FileEngineKind engine)
    {
        File.WriteAllBytes(DiskPath, new byte[1 << 20]);
        var buffer = BackendCalls.Buffer(1 << 20, seed: 5);
        using (var backend = new FileBackend(DiskPath, new FileBackendOptions { Engine = engine }))
        {
            for (var i = 0; i < 256; i++)
            {
                Assert.True(backend.TrySubmit(new BlockRequest(BlockOperation.Write, i * 4096, 4096, buffer.Slice(i * 4096, 4096), 0)));
            }
        }

        Assert.True(buffer.Span.SequenceEqual(File.ReadAllBytes(DiskPath)));
    }

    [Fact]
    public void A_flush_reaches_the_disk_by_fdatasync()
    {
        File.WriteAllBytes(DiskPath, new byte[4096]);
        using var backend = new FileBackend(DiskPath, new FileBackendOptions { Engine = FileEngineKind.Workers });
        Assert.Equal(0, backend.Write(0, BackendCalls.Buffer(512, seed: 1)));
        using var tracer = Trace();
        Assert.Equal(0, backend.Flush());
        tracer.StandardInput.Close();
        _ = Process.Start("kill", ["-INT", $"{tracer.Id}"]);
        var calls = tracer.StandardError.ReadToEnd();
        tracer.WaitForExit();
        Assert.Matches(@"fdatasync\(\d+\) *= 0|fdatasync resumed> *\) *= 0", calls);
    }

    private long AllocatedBytes()
    {
        using var stat = Process.Start(new ProcessStartInfo("stat", ["-c", "%b", DiskPath]) { RedirectStandardOutput = true })!;
        return 512 * long.Parse(stat.StandardOutput.ReadToEnd(), System.Globalization.CultureInfo.InvariantCulture);
    }

    private string DiskPath => Path.Combine(_directory.FullName, "disk.img");

    private static Process Trace()
    {
        Process tracer;
        try
        {
            tracer = Process.Start(new ProcessStartInfo("strace", ["-f", "-p", $"{Environment.ProcessId}", "-e", "trace=fdatasync"])
            {
                RedirectStandardError = true,
                RedirectStandardInput = true,
            })!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip("strace (Debian package strace) is not on this machine");
            throw;
        }

        // Its first line says that it holds every thread, or that it may not.
        var first = tracer.StandardError.ReadLine();
        Assert.SkipUnless(first?.Contains("attached", StringComparison.Ordinal) == true, $"strace cannot trace this process: {first}");
        return tracer;
    }
}
