using ExpEther.Backends.Ram;
using ExpEther.Nvme.Controller;
using ExpEther.Nvme.Driver;

namespace ExpEther.Bridge.Tests.Fabric;

/// <summary>NVMe disks on memory, and I/O on them whose content can be checked.</summary>
internal static class TestDisk
{
    public const int BlockBytes = 512;

    public static NvmeController Make(string serial, IEventSink events, int bytes = 4 << 20) => new(
        new NvmeControllerOptions { SerialNumber = serial, Namespaces = [new NvmeNamespaceOptions { Backend = new RamBackend(bytes) }] }, events);

    /// <summary>Bytes that tell disk, place and version apart.</summary>
    public static void Fill(Span<byte> into, ulong seed)
    {
        var random = new SeededRandom(seed);
        random.Fill(into);
    }

    public static async Task<NvmeResult> WriteAsync(FabricHost host, NvmeDisk disk, ulong lba, int blocks, ulong seed, uint nsid = 1)
    {
        var memory = host.RootComplex.Memory;
        var buffer = memory.Allocate(blocks * BlockBytes);
        Fill(memory.SpanOf(buffer), seed);
        var result = await disk.WriteAsync(nsid, lba, blocks, buffer);
        memory.Free(buffer);
        return result;
    }

    /// <returns>How the read ended, and whether the bytes are those of <paramref name="seed"/>.</returns>
    public static async Task<(NvmeResult Result, bool IsRight)> VerifyAsync(FabricHost host, NvmeDisk disk, ulong lba, int blocks, ulong seed, uint nsid = 1)
    {
        var memory = host.RootComplex.Memory;
        var buffer = memory.Allocate(blocks * BlockBytes);
        var result = await disk.ReadAsync(nsid, lba, blocks, buffer);
        var expected = new byte[blocks * BlockBytes];
        Fill(expected, seed);
        var isRight = memory.SpanOf(buffer).SequenceEqual(expected);
        memory.Free(buffer);
        return (result, isRight);
    }
}
