using System.Buffers.Binary;
using System.Text;
using ExpEther.Linux;
using ExpEther.Linux.Polling;
using ExpEther.Linux.Sockets;

namespace ExpEther.Qemu.Tests.Monitors;

/// <summary>
/// QEMU's vfio-user client as it was seen to behave: what it asks while it realizes a device, in that order (though without waiting for each answer),
/// then what the test has the guest do.
/// </summary>
internal sealed class VfioUserClient : IDisposable
{
    private const int HeaderBytes = 16;
    private const ushort Version = 1;
    private const ushort DmaMap = 2;
    private const ushort GetInfo = 4;
    private const ushort GetRegionInfo = 5;
    private const ushort GetIrqInfo = 7;
    private const ushort SetIrqs = 8;
    private const ushort RegionRead = 9;
    private const ushort RegionWrite = 10;
    private const ushort DmaWrite = 12;
    private const ushort Reset = 13;
    private const uint Reply = 1;
    private const uint NoReply = 0x10;
    private const uint EventTrigger = 0x24;

    private readonly UnixConnection _connection;
    private readonly Dictionary<ushort, (int Errno, byte[] Payload)> _replies = [];
    private readonly byte[] _buffer = new byte[65536];
    private readonly List<byte> _input = [];
    private readonly Dictionary<int, ushort> _regionInfo = [];
    private ushort _lastId;
    private ushort _config;
    private ushort _irqInfo;
    private ushort _reset;

    private VfioUserClient(UnixConnection connection) => _connection = connection;

    /// <summary>The server closed the connection.</summary>
    public bool IsClosed { get; private set; }

    /// <summary>The device's answer to the reset that ends realize has come.</summary>
    public bool IsRealized => _replies.ContainsKey(_reset);

    /// <summary>Configuration space as it was read at realize.</summary>
    public byte[] Config => _replies[_config].Payload[16..];

    /// <summary>MSI-X vectors that were reported at realize.</summary>
    public uint MsixCount => BinaryPrimitives.ReadUInt32LittleEndian(_replies[_irqInfo].Payload.AsSpan(12));

    /// <summary>Messages of the device (DMA_WRITE).</summary>
    public List<(ulong Address, uint Data)> Messages { get; } = [];

    /// <summary>Connects and asks all that realize asks. Null: nobody listens.</summary>
    public static VfioUserClient? Realize(string path)
    {
        try
        {
            var client = new VfioUserClient(UnixConnection.Connect(path));
            client.AskAll();
            return client;
        }
        catch (LinuxException)
        {
            return null;
        }
    }

    public long RegionBytes(int region) => BinaryPrimitives.ReadInt64LittleEndian(_replies[_regionInfo[region]].Payload.AsSpan(16));

    public ushort ReadConfig(int offset, int bytes) => Read(7, (ulong)offset, bytes);

    public ushort Read(int region, ulong offset, int bytes) => Send(RegionRead, Access(region, offset, bytes, []));

    public ushort WriteConfig(int offset, params byte[] data) => Send(RegionWrite, Access(7, (ulong)offset, data.Length, data));

    public ushort Write(int region, ulong offset, byte[] data, bool isPosted = true) =>
        Send(RegionWrite, Access(region, offset, data.Length, data), isPosted ? NoReply : 0);

    /// <summary>Tells of memory that comes without a descriptor.</summary>
    public ushort Map(ulong address, ulong bytes)
    {
        var payload = new byte[32];
        BinaryPrimitives.WriteInt32LittleEndian(payload, payload.Length);
        BinaryPrimitives.WriteInt32LittleEndian(payload.AsSpan(4), 3);
        BinaryPrimitives.WriteUInt64LittleEndian(payload.AsSpan(16), address);
        BinaryPrimitives.WriteUInt64LittleEndian(payload.AsSpan(24), bytes);
        return Send(DmaMap, payload);
    }

    public ushort ResetDevice() => Send(Reset, []);

    /// <summary>MSI-X vectors from 0 on are listened to by these events.</summary>
    public ushort Listen(params EventFd[] events)
    {
        var payload = new byte[20];
        uint[] fields = [20, EventTrigger, 2, 0, (uint)events.Length];
        for (var i = 0; i < fields.Length; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(payload.AsSpan(4 * i), fields[i]);
        }

        return Send(SetIrqs, payload, 0, [.. events.Select(e => e.FileDescriptor)]);
    }

    /// <summary>A vector is listened to no more.</summary>
    public ushort Ignore(int vector)
    {
        var payload = new byte[20];
        uint[] fields = [20, EventTrigger, 2, (uint)vector, 1];
        for (var i = 0; i < fields.Length; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(payload.AsSpan(4 * i), fields[i]);
        }

        return Send(SetIrqs, payload);
    }

    public bool HasReply(ushort id) => _replies.ContainsKey(id);

    /// <summary>A read's data.</summary>
    public byte[] Data(ushort id) => _replies[id].Payload[16..];

    public int Errno(ushort id) => _replies[id].Errno;

    public void Poll()
    {
        while (!IsClosed)
        {
            var status = _connection.TryReceive(_buffer, out var bytes);
            if (status == StreamStatus.WouldBlock)
            {
                break;
            }

            IsClosed = status == StreamStatus.Closed;
            _input.AddRange(_buffer.AsSpan(0, bytes));
        }

        while (_input.Count >= HeaderBytes)
        {
            var message = _input.ToArray().AsSpan();
            var length = (int)BinaryPrimitives.ReadUInt32LittleEndian(message[4..]);
            if (_input.Count < length)
            {
                return;
            }

            Take(message[..length]);
            _input.RemoveRange(0, length);
        }
    }

    public void Dispose() => _connection.Dispose();

    private static byte[] Access(int region, ulong offset, int bytes, byte[] data)
    {
        var payload = new byte[16 + data.Length];
        BinaryPrimitives.WriteUInt64LittleEndian(payload, offset);
        BinaryPrimitives.WriteInt32LittleEndian(payload.AsSpan(8), region);
        BinaryPrimitives.WriteInt32LittleEndian(payload.AsSpan(12), bytes);
        data.CopyTo(payload, 16);
        return payload;
    }

    private static byte[] Info(int bytes, int index)
    {
        var payload = new byte[bytes];
        BinaryPrimitives.WriteInt32LittleEndian(payload, bytes);
        BinaryPrimitives.WriteInt32LittleEndian(payload.AsSpan(8), index);
        return payload;
    }

    private void AskAll()
    {
        Send(
            Version,
            [0, 0, 0, 0, .. Encoding.ASCII.GetBytes("""{"capabilities":{"pgsizes":4096,"max_msg_fds":16,"max_data_xfer_size":1048576}}"""), 0]);
        Send(GetInfo, Info(16, 0));
        foreach (var region in new[] { 0, 1, 2, 3, 4, 5, 7 })
        {
            _regionInfo[region] = Send(GetRegionInfo, Info(32, region));
        }

        _irqInfo = Send(GetIrqInfo, Info(16, 2));
        _config = ReadConfig(0, 4096);
        WriteConfig(4, 0, 0);
        _reset = ResetDevice();
    }

    private ushort Send(ushort command, byte[] payload, uint flags = 0, int[]? descriptors = null)
    {
        var message = new byte[HeaderBytes + payload.Length];
        BinaryPrimitives.WriteUInt16LittleEndian(message, ++_lastId);
        BinaryPrimitives.WriteUInt16LittleEndian(message.AsSpan(2), command);
        BinaryPrimitives.WriteInt32LittleEndian(message.AsSpan(4), message.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(message.AsSpan(8), flags);
        payload.CopyTo(message, HeaderBytes);
        var status = descriptors is null ? _connection.TrySend(message, out var sent) : _connection.TrySend(message, descriptors, out sent);
        Assert.True(status == StreamStatus.Closed || sent == message.Length);
        return _lastId;
    }

    private void Take(ReadOnlySpan<byte> message)
    {
        var id = BinaryPrimitives.ReadUInt16LittleEndian(message);
        var flags = BinaryPrimitives.ReadUInt32LittleEndian(message[8..]);
        if ((flags & 0xF) == Reply)
        {
            _replies[id] = (BinaryPrimitives.ReadInt32LittleEndian(message[12..]), message[HeaderBytes..].ToArray());
        }
        else if (BinaryPrimitives.ReadUInt16LittleEndian(message[2..]) == DmaWrite)
        {
            Messages.Add((BinaryPrimitives.ReadUInt64LittleEndian(message[HeaderBytes..]), BinaryPrimitives.ReadUInt32LittleEndian(message[32..])));
        }
    }
}
