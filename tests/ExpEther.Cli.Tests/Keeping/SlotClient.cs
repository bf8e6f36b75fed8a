using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;

namespace ExpEther.Cli.Tests.Keeping;

/// <summary>A vfio-user client of a slot's socket, by the specification's offsets alone: what QEMU does when a guest resets.</summary>
internal sealed class SlotClient : IDisposable
{
    private const int HeaderBytes = 16;

    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private ushort _lastId;

    /// <summary>Connects and says its version.</summary>
    public static async Task<SlotClient> ConnectAsync(string path)
    {
        var client = new SlotClient();
        await client._socket.ConnectAsync(new UnixDomainSocketEndPoint(path), Cancel);
        await client.AskAsync(1, [0, 0, 0, 0, .. Encoding.ASCII.GetBytes("""{"capabilities":{"pgsizes":4096}}"""), 0]);
        return client;
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>DMA_MAP of a range without a descriptor, DEVICE_RESET, DMA_UNMAP of all: each succeeds.</summary>
    public async Task ResetAsync()
    {
        var map = new byte[32];
        map[0] = 32;
        map[4] = 3;
        BinaryPrimitives.WriteUInt64LittleEndian(map.AsSpan(24), 0x10_0000);
        await AskAsync(2, map);
        await AskAsync(3, [24, 0, 0, 0, 2, .. new byte[19]]);
    }

    /// <summary>REGION_READ of 4 bytes of configuration space.</summary>
    public async Task<uint> ReadIdAsync() => BinaryPrimitives.ReadUInt32LittleEndian(
        (await AskAsync(9, [.. new byte[8], 7, 0, 0, 0, 4, 0, 0, 0])).AsSpan(16));

    /// <summary>Waits for the connection's end.</summary>
    public async Task ClosedAsync() => Assert.Equal(0, await _socket.ReceiveAsync(new byte[1], Cancel));

    public void Dispose() => _socket.Dispose();

    private async Task<byte[]> AskAsync(ushort command, byte[] payload)
    {
        var message = new byte[HeaderBytes + payload.Length];
        BinaryPrimitives.WriteUInt16LittleEndian(message, ++_lastId);
        BinaryPrimitives.WriteUInt16LittleEndian(message.AsSpan(2), command);
        BinaryPrimitives.WriteInt32LittleEndian(message.AsSpan(4), message.Length);
        payload.CopyTo(message, HeaderBytes);
        await _socket.SendAsync(message, Cancel);
        var header = await ReceiveAsync(HeaderBytes);
        if (BinaryPrimitives.ReadUInt16LittleEndian(header) == _lastId - 1)
        {
            // Killed between sending that reply and noting it: it comes once more, as a header alone, and QEMU passes over it.
            Assert.Equal(HeaderBytes, BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(4)));
            header = await ReceiveAsync(HeaderBytes);
        }

        var reply = await ReceiveAsync(BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(4)) - HeaderBytes);
        Assert.Equal((_lastId, command, 1u), (
            BinaryPrimitives.ReadUInt16LittleEndian(header), BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(2)),
            BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(8))));
        return reply;
    }

    private async Task<byte[]> ReceiveAsync(int bytes)
    {
        var all = new byte[bytes];
        for (var at = 0; at < bytes;)
        {
            var some = await _socket.ReceiveAsync(all.AsMemory(at), Cancel);
            Assert.True(some > 0, "the connection was closed");
            at += some;
        }

        return all;
    }
}
