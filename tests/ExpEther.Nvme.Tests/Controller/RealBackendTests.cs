using System.Runtime.InteropServices;
using ExpEther.Backends.Files;
using ExpEther.Backends.Ram;
using ExpEther.Linux.Polling;
using ExpEther.Nvme.Backends;
using ExpEther.Nvme.Protocol;
using ExpEther.Nvme.Tests.Host;

namespace ExpEther.Nvme.Tests.Controller;

/// <summary>The controller with the backends that are served in the field.</summary>
public sealed class RealBackendTests : IDisposable
{
    private const int TransferBytes = 256 * 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("expether-nvme-");
    private readonly List<FileBackend> _files = [];

    private string DiskPath => Path.Combine(_directory.FullName, "disk");

    public void Dispose()
    {
        _files.ForEach(file => file.Dispose());
        _directory.Delete(recursive: true);
    }

    [Theory]
    [InlineData(true, 512)]
    [InlineData(true, 4096)]
    [InlineData(false, 512)]
    [InlineData(false, 4096)]
    public void Transfers_of_the_largest_size_come_back_as_they_were_written(bool isFile, int blockBytes)
    {
        var backend = Make(isFile, 4 << 20, blockBytes);
        var host = Started(backend);
        host.CreateQueue(1);
        var buffer = host.Allocate(TransferBytes + 4096);
        // From inside a page, so that the list has one entry more than the data has pages.
        var prps = host.Prps([buffer + 512, .. Enumerable.Range(1, TransferBytes / 4096).Select(i => buffer + ((ulong)i * 4096))]);
        new SeededRandom(7).Fill(host.Host.At(buffer + 512, TransferBytes));
        var written = host.Host.At(buffer + 512, TransferBytes).ToArray();
        var blocks = TransferBytes / blockBytes;
        Assert.Equal(NvmeStatus.Success, Run(host, backend, IoOpcode.Write, (uint)blocks, blocks, prps).Status);
        host.Host.At(buffer, TransferBytes + 4096).Clear();
        Assert.Equal(NvmeStatus.Success, Run(host, backend, IoOpcode.Read, (uint)blocks, blocks, prps).Status);
        Assert.True(host.Host.At(buffer + 512, TransferBytes).SequenceEqual(written));
        Assert.Equal(512, host.Host.At(buffer, 512).Count((byte)0));
        Assert.Equal(NvmeStatus.Success, Run(host, backend, IoOpcode.Flush, 0, 1, default).Status);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_longest_write_zeroes_clears_its_range_and_nothing_else(bool isFile)
    {
        // 65536 blocks of 4 KiB: 256 MiB in one command, with a block before and one after.
        const long Longest = 65536L * 4096;
        var backend = Make(isFile, Longest + 8192, 4096);
        var host = Started(backend);
        host.CreateQueue(1);
        var buffer = host.Allocate(4096);
        host.Host.At(buffer, 4096).Fill(0xAA);
        foreach (var lba in (uint[])[0, 1, 40000, 65536, 65537])
        {
            Assert.Equal(NvmeStatus.Success, Run(host, backend, IoOpcode.Write, lba, 1, (buffer, 0)).Status);
        }

        Assert.Equal(NvmeStatus.Success, Run(host, backend, IoOpcode.WriteZeroes, 1, 65536, default).Status);
        foreach (var (lba, expected) in ((uint, byte)[])[(0, 0xAA), (1, 0), (40000, 0), (65536, 0), (65537, 0xAA)])
        {
            Assert.Equal(NvmeStatus.Success, Run(host, backend, IoOpcode.Read, lba, 1, (buffer, 0)).Status);
            Assert.Equal(4096, host.Host.At(buffer, 4096).Count(expected));
        }
    }

    [Fact]
    public void Sixty_four_queue_pairs_share_a_file_and_each_gets_its_own_data()
    {
        const int Pairs = 64;
        const int PerQueue = 8;
        var backend = Make(true, Pairs * PerQueue * 4096, 4096);
        var host = Started(backend, Pairs);
        var data = new ulong[Pairs * PerQueue];
        for (var id = 1; id <= Pairs; id++)
        {
            host.CreateQueue(id);
        }

        foreach (var opcode in (IoOpcode[])[IoOpcode.Write, IoOpcode.Read])
        {
            for (var i = 0; i < data.Length; i++)
            {
                if (opcode == IoOpcode.Write)
                {
                    data[i] = host.Allocate(4096);
                    MemoryMarshal.Cast<byte, int>(host.Host.At(data[i], 4096)).Fill(i + 1);
                }
                else
                {
                    host.Host.At(data[i], 4096).Clear();
                }

                // Neighbours in the file belong to different queues.
                host.Submit(1 + (i % Pairs), (byte)opcode, 1, dw10: (uint)i, prp1: data[i]);
            }

            var ended = new int[Pairs + 1];
            Until(host, backend, () =>
            {
                for (var id = 1; id <= Pairs; id++)
                {
                    while (host.Queue(id).TryTake(out var entry))
                    {
                        Assert.Equal(NvmeStatus.Success, entry.Status);
                        Assert.Equal(id, entry.SqId);
                        ended[id]++;
                    }
                }

                return ended.Sum() == data.Length;
            });
            Assert.All(ended[1..], each => Assert.Equal(PerQueue, each));
        }

        for (var i = 0; i < data.Length; i++)
        {
            Assert.Equal(1024, MemoryMarshal.Cast<byte, int>(host.Host.At(data[i], 4096)).Count(i + 1));
        }

        Assert.Equal(Enumerable.Range(0x101, Pairs).Select(v => (uint)v), host.Host.Interrupts.Distinct().Where(v => v != 0x100).Order());
    }

    [Fact]
    public void What_a_flush_confirmed_is_in_the_file_and_found_by_the_next_controller_under_the_same_name()
    {
        var backend = Make(true, 1 << 20, 512);
        var host = Started(backend);
        host.CreateQueue(1);
        var buffer = host.Allocate(4096);
        "written before the flush"u8.CopyTo(host.Host.At(buffer, 512));
        Assert.Equal(NvmeStatus.Success, Run(host, backend, IoOpcode.Write, 100, 1, (buffer, 0)).Status);
        Assert.Equal(NvmeStatus.Success, Run(host, backend, IoOpcode.Flush, 0, 1, default).Status);
        var names = (Descriptors(host, backend), new IdentifyController(Identify(host, backend, IdentifyCns.Controller, 0)).SubsystemNqn);
        using (var file = new FileStream(DiskPath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite))
        {
            file.Position = 100 * 512;
            Assert.Equal((byte)'w', file.ReadByte());
        }

        // The process ends; another serves the file.
        ((FileBackend)backend).Dispose();
        _files.Clear();
        var again = Make(true, 0, 512);
        var next = Started(again);
        next.CreateQueue(1);
        buffer = next.Allocate(4096);
        Assert.Equal(NvmeStatus.Success, Run(next, again, IoOpcode.Read, 100, 1, (buffer, 0)).Status);
        Assert.True(next.Host.At(buffer, 512).StartsWith("written before the flush"u8));
        Assert.Equal(names, (Descriptors(next, again), new IdentifyController(Identify(next, again, IdentifyCns.Controller, 0)).SubsystemNqn));
    }

    [Fact]
    public void A_reset_with_a_file_at_work_comes_to_an_end_and_the_disk_works_on()
    {
        var backend = Make(true, 4 << 20, 512);
        var host = Started(backend);
        host.CreateQueue(1, entries: 64);
        var buffer = host.Allocate(4096);
        for (var i = 0; i < 60; i++)
        {
            host.Submit(1, (byte)IoOpcode.Write, 1, dw10: (uint)i * 8, dw12: 7 | (1u << 30), prp1: buffer);
        }

        host.Host.Pump();
        host.Host.Write32(NvmeRegister.Cc, 0);
        Until(host, backend, () => !host.Status.Rdy);
        host.Enable();
        host.CreateQueue(1);
        Assert.Equal(NvmeStatus.Success, Run(host, backend, IoOpcode.Read, 0, 8, (buffer, 0)).Status);
    }

    private static NvmeHost Started(IBlockBackend backend, int pairs = 8)
    {
        var host = new NvmeHost(0, options => options with { QueuePairsMax = pairs }, backend);
        host.Start();
        return host;
    }

    private static CompletionEntry Run(
        NvmeHost host, IBlockBackend backend, IoOpcode opcode, uint lba, int blocks, (ulong Prp1, ulong Prp2) prps)
    {
        var id = host.Submit(1, (byte)opcode, 1, dw10: lba, dw12: (uint)(blocks - 1), prp1: prps.Prp1, prp2: prps.Prp2);
        var entry = default(CompletionEntry);
        Until(host, backend, () => host.Queue(1).TryTake(out entry));
        Assert.Equal(id, entry.CommandId);
        return entry;
    }

    private static byte[] Identify(NvmeHost host, IBlockBackend backend, IdentifyCns cns, uint nsid)
    {
        Until(host, backend, () => true);
        return host.Identify(cns, nsid);
    }

    private static string Descriptors(NvmeHost host, IBlockBackend backend) =>
        Convert.ToHexString(Identify(host, backend, IdentifyCns.NamespaceDescriptors, 1).AsSpan(0, 32));

    /// <summary>Serves the controller as its owner does, asleep while a file works.</summary>
    private static void Until(NvmeHost host, IBlockBackend backend, Func<bool> condition)
    {
        var poller = new Poller();
        if (backend is FileBackend file)
        {
            poller.Add(file.PollFileDescriptor, PollEvents.Readable);
        }

        host.Host.Pump();
        while (!condition())
        {
            if (backend is FileBackend)
            {
                Assert.True(poller.Wait(Patience) > 0, "no completion woke the owner");
            }

            host.Host.Pump();
        }
    }

    private IBlockBackend Make(bool isFile, long bytes, int blockBytes)
    {
        if (!isFile)
        {
            return new RamBackend(bytes, blockBytes);
        }

        if (bytes > 0)
        {
            using var file = File.Create(DiskPath);
            file.SetLength(bytes);
        }

        var backend = new FileBackend(DiskPath, new FileBackendOptions { BlockBytes = blockBytes });
        _files.Add(backend);
        return backend;
    }
}
