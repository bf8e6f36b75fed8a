using System.Buffers.Binary;
using System.Runtime.InteropServices;
using ExpEther.Linux.Polling;

namespace ExpEther.Cli.Tests.Foreign;

/// <summary>
/// An NVMe controller as a client drives it by its registers (NVMe 1.4 §3.1, §4.2, §5, §6): an admin queue and one pair of I/O queues, an event of MSI-X for
/// each completion queue, one command at a time.
/// </summary>
internal sealed partial class ForeignNvme(ForeignClient client, ForeignMemory memory) : IDisposable
{
    public const int BlockBytes = 512;

    /// <summary>Where the data of commands is, in the memory.</summary>
    public const int DataOffset = 0x8000;

    private const int Entries = 16;
    private const int WaitMilliseconds = 20_000;

    // Per queue: where submission and completion entries are; what was submitted and completed.
    private static readonly int[] Submission = [0x1000, 0x3000];
    private static readonly int[] Completion = [0x2000, 0x4000];
    private readonly int[] _submitted = [0, 0];
    private readonly EventFd[] _events = [new(), new()];
    private int _stride;

    /// <summary>MSI-X by events, bus mastering, the admin queue, and CC.EN until CSTS.RDY.</summary>
    /// <param name="command">The PCI Command register as the client wants it; bits that it has already stay.</param>
    public async Task EnableAsync(uint command)
    {
        await client.ListenAsync(2, _events);
        await client.Write32Async(7, 4, (await client.Read32Async(7, 4) & 0xFFFF) | command);
        var capabilities = await client.Read64Async(0, 0);
        _stride = 4 << (int)((capabilities >> 32) & 0xF);
        _submitted.AsSpan().Clear();
        memory.Write(0, new byte[DataOffset]);
        await client.Write32Async(0, 0x14, 0);
        await WaitReadyAsync(0);
        await client.Write32Async(0, 0x24, ((Entries - 1) << 16) | (Entries - 1));
        await client.Write64Async(0, 0x28, memory.Address + (ulong)Submission[0]);
        await client.Write64Async(0, 0x30, memory.Address + (ulong)Completion[0]);
        await client.Write32Async(0, 0x14, (4 << 20) | (6 << 16) | 1);
        await WaitReadyAsync(1);
    }

    /// <summary>Identify Controller.</summary>
    public async Task<byte[]> IdentifyAsync()
    {
        await CommandAsync(0, 0x06, 0, DataOffset, 1);
        return memory.Read(DataOffset, 4096);
    }

    /// <summary>Completion queue 1, which interrupts by vector 1, and submission queue 1.</summary>
    public async Task CreateQueuesAsync()
    {
        await CommandAsync(0, 0x05, 0, Completion[1], ((Entries - 1) << 16) | 1, (1 << 16) | 3);
        await CommandAsync(0, 0x01, 0, Submission[1], ((Entries - 1) << 16) | 1, (1 << 16) | 1);
    }

    public Task WriteBlockAsync(int block, ReadOnlySpan<byte> data)
    {
        memory.Write(DataOffset, data);
        return CommandAsync(1, 0x01, 1, DataOffset, (uint)block);
    }

    public async Task<byte[]> ReadBlockAsync(int block)
    {
        memory.Write(DataOffset, new byte[BlockBytes]);
        await CommandAsync(1, 0x02, 1, DataOffset, (uint)block);
        return memory.Read(DataOffset, BlockBytes);
    }

    public void Dispose()
    {
        foreach (var e in _events)
        {
            e.Dispose();
        }
    }

    /// <summary>Waits until an event is set, and clears it.</summary>
    public static Task HearAsync(EventFd wake) => Task.Run(() =>
    {
        var entry = new PollEntry { Descriptor = wake.FileDescriptor, Events = 1 };
        Assert.Equal(1, poll(ref entry, 1, WaitMilliseconds));
        Assert.True(wake.Clear());
    });

    private async Task CommandAsync(int queue, byte opcode, uint nsid, int data, uint dw10, uint dw11 = 0)
    {
        var entry = new byte[64];
        var index = _submitted[queue]++;
        entry[0] = opcode;
        BinaryPrimitives.WriteUInt16LittleEndian(entry.AsSpan(2), (ushort)(0x100 + index));
        BinaryPrimitives.WriteUInt32LittleEndian(entry.AsSpan(4), nsid);
        BinaryPrimitives.WriteUInt64LittleEndian(entry.AsSpan(24), memory.Address + (ulong)data);
        BinaryPrimitives.WriteUInt32LittleEndian(entry.AsSpan(40), dw10);
        BinaryPrimitives.WriteUInt32LittleEndian(entry.AsSpan(44), dw11);
        memory.Write(Submission[queue] + (64 * (index % Entries)), entry);
        await client.Write32Async(0, Doorbell((2 * queue) + 0), (uint)((index + 1) % Entries));

        await HearAsync(_events[queue]);
        var completion = memory.Read(Completion[queue] + (16 * (index % Entries)), 16);
        var status = BinaryPrimitives.ReadUInt16LittleEndian(completion.AsSpan(14));
        Assert.Equal((0x100 + index, (index / Entries) % 2 == 0, 0), (
            BinaryPrimitives.ReadUInt16LittleEndian(completion.AsSpan(12)), (status & 1) == 1, status >> 1));
        await client.Write32Async(0, Doorbell((2 * queue) + 1), (uint)((index + 1) % Entries));
    }

    private ulong Doorbell(int number) => 0x1000 + (ulong)(number * _stride);

    private async Task WaitReadyAsync(uint ready)
    {
        while ((await client.Read32Async(0, 0x1C) & 1) != ready)
        {
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
        }
    }

    [LibraryImport("libc")]
    private static partial int poll(ref PollEntry entry, nuint count, int milliseconds);

    private struct PollEntry
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }
}
