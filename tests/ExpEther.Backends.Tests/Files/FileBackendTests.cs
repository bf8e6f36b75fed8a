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

    [Fact]
    public void A_flush_completes_after_every_write_submitted_before_it()
    {
        File.WriteAllBytes(DiskPath, new byte[1 << 20]);
        using var backend = new FileBackend(DiskPath);
        var buffer = BackendCalls.Buffer(4096, seed: 3);
        for (uint i = 0; i < 200; i++)
        {
            Assert.True(backend.TrySubmit(new BlockRequest(BlockOperation.Write, i * 4096, 4096, buffer, i)));
        }

        Assert.True(backend.TrySubmit(new BlockRequest(BlockOperation.Flush, 0, 0, default, 1000)));
        HashSet<uint> before = [];
        BlockCompletion completion;
        while ((completion = backend.Next()).Cookie != 1000)
        {
            Assert.Equal(0, completion.Error);
            before.Add(completion.Cookie);
        }

        Assert.Equal(200, before.Count);
    }

    [Fact]
    public void An_owner_that_always_sleeps_is_woken_for_every_completion()
    {
        File.WriteAllBytes(DiskPath, new byte[65536]);
        using var backend = new FileBackend(DiskPath, new FileBackendOptions { Direct = false });
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

    [Fact]
    public void What_was_submitted_is_carried_out_before_the_file_is_closed()
    {
        File.WriteAllBytes(DiskPath, new byte[1 << 20]);
        var buffer = BackendCalls.Buffer(1 << 20, seed: 5);
        using (var backend = new FileBackend(DiskPath))
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
        using var backend = new FileBackend(DiskPath);
        Assert.Equal(0, backend.Write(0, BackendCalls.Buffer(512, seed: 1)));
        using var tracer = Trace();
        Assert.Equal(0, backend.Flush());
        tracer.StandardInput.Close();
        _ = Process.Start("kill", ["-INT", $"{tracer.Id}"]);
        var calls = tracer.StandardError.ReadToEnd();
        tracer.WaitForExit();
        Assert.Matches(@"fdatasync\(\d+\) *= 0|fdatasync resumed> *\) *= 0", calls);
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
            Assert.Skip("'strace' is not on this machine");
            throw;
        }

        // Its first line says that it holds every thread, or that it may not.
        var first = tracer.StandardError.ReadLine();
        Assert.SkipUnless(first?.Contains("attached", StringComparison.Ordinal) == true, $"strace cannot trace this process: {first}");
        return tracer;
    }
}
