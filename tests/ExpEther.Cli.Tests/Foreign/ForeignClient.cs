using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using ExpEther.Linux.Polling;
using ExpEther.Linux.Sockets;

namespace ExpEther.Cli.Tests.Foreign;

/// <summary>
/// A vfio-user client that is no virtual machine, written from the protocol's document alone (libvfio-user's and QEMU's docs/interop/vfio-user.rst): one
/// request at a time, each answered before the next. It knows nothing of how the product lays messages out.
/// </summary>
internal sealed class ForeignClient : IDisposable
{
    private const int HeaderBytes = 16;
    private const uint TypeReply = 1;
    private const uint ErrorBit = 1 << 5;

    // VFIO_USER_* commands.
    private const ushort Version = 1;
    private const ushort DmaMap = 2;
    private const ushort DmaUnmap = 3;
    private const ushort DeviceGetInfo = 4;
    private const ushort DeviceGetRegionInfo = 5;
    private const ushort DeviceGetIrqInfo = 7;
    private const ushort DeviceSetIrqs = 8;
    private const ushort RegionRead = 9;
    private const ushort RegionWrite = 10;
    private const ushort DeviceReset = 13;

    // VFIO_IRQ_SET_DATA_EVENTFD, VFIO_IRQ_SET_ACTION_TRIGGER.
    private const uint TriggerByEvents = 4 | 32;

    private readonly UnixConnection _connection;
    private readonly Socket _socket;
    private ushort _messageId = 0x4000;

    private ForeignClient(UnixConnection connection)
    {
        _connection = connection;
        _socket = new Socket(new SafeSocketHandle(connection.FileDescriptor, ownsHandle: false));
    }

    /// <summary>What the server said of itself in its answer to VERSION.</summary>
    public JsonObject Capabilities { get; private set; } = [];

    public static async Task<ForeignClient> ConnectAsync(string path)
    {
        var client = new ForeignClient(UnixConnection.Connect(path));
        var json = Encoding.UTF8.GetBytes("""{"capabilities":{"max_msg_fds":8,"max_data_xfer_size":1048576,"pgsizes":4096}}""");
        var (error, answer) = await client.AskAsync(Version, [0, 0, 1, 0, .. json, 0]);
        Assert.Equal(0, error);
        Assert.Equal(0, BinaryPrimitives.ReadUInt16LittleEndian(answer));
        Assert.Equal(0, answer[^1]);
        client.Capabilities = JsonNode.Parse(answer.AsSpan(4, answer.Length - 5))!["capabilities"]!.AsObject();
        return client;
    }

    /// <returns>How many regions and kinds of interrupts the device has.</returns>
    public async Task<(uint Flags, uint Regions, uint Interrupts)> GetInfoAsync()
    {
        var info = await DoAsync(DeviceGetInfo, Words(16, 0, 0, 0));
        return (Word(info, 1), Word(info, 2), Word(info, 3));
    }

    public async Task<(uint Flags, ulong Bytes)> GetRegionAsync(uint index)
    {
        var info = await DoAsync(DeviceGetRegionInfo, Words(32, 0, index, 0, 0, 0, 0, 0));
        Assert.Equal(index, Word(info, 2));
        return (Word(info, 1), BinaryPrimitives.ReadUInt64LittleEndian(info.AsSpan(16)));
    }

    public async Task<(uint Flags, uint Count)> GetInterruptsAsync(uint index)
    {
        var info = await DoAsync(DeviceGetIrqInfo, Words(16, 0, index, 0));
        Assert.Equal(index, Word(info, 2));
        return (Word(info, 1), Word(info, 3));
    }

    /// <summary>DMA_MAP of a whole file, readable and writable.</summary>
    public Task MapAsync(ForeignMemory memory) =>
        DoAsync(DmaMap, [.. Words(32, 3), .. Longs(0, memory.Address, (ulong)memory.Bytes)], memory.Descriptor);

    /// <returns>The bytes that the server says it has unmapped.</returns>
    public async Task<ulong> UnmapAsync(ForeignMemory memory) => BinaryPrimitives.ReadUInt64LittleEndian(
        (await DoAsync(DmaUnmap, [.. Words(24, 0), .. Longs(memory.Address, (ulong)memory.Bytes)])).AsSpan(16));

    /// <summary>An event for each vector of a kind, from the first one on.</summary>
    public Task ListenAsync(uint kind, params EventFd[] events) =>
        DoAsync(DeviceSetIrqs, Words(20, TriggerByEvents, kind, 0, (uint)events.Length), [.. events.Select(e => e.FileDescriptor)]);

    public async Task<byte[]> ReadAsync(uint region, ulong offset, int bytes)
    {
        var answer = await DoAsync(RegionRead, [.. Longs(offset), .. Words(region, (uint)bytes)]);
        Assert.Equal(16 + bytes, answer.Length);
        return answer[16..];
    }

    public async Task<uint> Read32Async(uint region, ulong offset) => BinaryPrimitives.ReadUInt32LittleEndian(await ReadAsync(region, offset, 4));

    public async Task<ulong> Read64Async(uint region, ulong offset) => BinaryPrimitives.ReadUInt64LittleEndian(await ReadAsync(region, offset, 8));

    public Task WriteAsync(uint region, ulong offset, params byte[] data) =>
        DoAsync(RegionWrite, [.. Longs(offset), .. Words(region, (uint)data.Length), .. data]);

    public Task Write32Async(uint region, ulong offset, uint value) => WriteAsync(region, offset, Words(value));

    public Task Write64Async(uint region, ulong offset, ulong value) => WriteAsync(region, offset, Longs(value));

    public Task ResetAsync() => DoAsync(DeviceReset, []);

    public void Dispose()
    {
        _socket.Dispose();
        _connection.Dispose();
    }

    private static byte[] Words(params uint[] values)
    {
        var bytes = new byte[4 * values.Length];
        Buffer.BlockCopy(values, 0, bytes, 0, bytes.Length);
        return bytes;
    }

    private static byte[] Longs(params ulong[] values)
    {
        var bytes = new byte[8 * values.Length];
        Buffer.BlockCopy(values, 0, bytes, 0, bytes.Length);
        return bytes;
    }

    private static uint Word(byte[] from, int index) => BinaryPrimitives.ReadUInt32LittleEndian(from.AsSpan(4 * index));

    private async Task<byte[]> DoAsync(ushort command, byte[] payload, params int[] descriptors)
    {
        var (error, answer) = await AskAsync(command, payload, descriptors);
        Assert.True(error == 0, $"command {command}: errno {error}");
        return answer;
    }

    /// <summary>Header: message ID, command, size, flags, error.</summary>
    private async Task<(int Error, byte[] Payload)> AskAsync(ushort command, byte[] payload, params int[] descriptors)
    {
        var id = ++_messageId;
        byte[] message = [(byte)id, (byte)(id >> 8), (byte)command, 0, .. Words((uint)(HeaderBytes + payload.Length), 0, 0), .. payload];
        var status = descriptors.Length == 0 ? _connection.TrySend(message, out var sent) : _connection.TrySend(message, descriptors, out sent);
        Assert.Equal((StreamStatus.Moved, message.Length), (status, sent));

        var header = await ReceiveAsync(HeaderBytes);
        var flags = Word(header, 2);
        Assert.Equal((id, command, TypeReply), (
            BinaryPrimitives.ReadUInt16LittleEndian(header), BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(2)), flags & 0xF));
        return ((flags & ErrorBit) != 0 ? (int)Word(header, 3) : 0, await ReceiveAsync((int)Word(header, 1) - HeaderBytes));
    }

    private async Task<byte[]> ReceiveAsync(int bytes)
    {
        var all = new byte[bytes];
        for (var at = 0; at < bytes;)
        {
            var some = await _socket.ReceiveAsync(all.AsMemory(at), TestContext.Current.CancellationToken);
            Assert.True(some > 0, "the server has closed the connection");
            at += some;
        }

        return all;
    }
}
