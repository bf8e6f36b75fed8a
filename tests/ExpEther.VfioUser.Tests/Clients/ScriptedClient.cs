using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using ExpEther.Linux.Sockets;

namespace ExpEther.VfioUser.Tests.Clients;

/// <summary>A client over a real socket that sends what it is told to and gives back whole messages.</summary>
internal sealed class ScriptedClient(string path) : IDisposable
{
    private readonly UnixConnection _connection = UnixConnection.Connect(path);
    private readonly List<byte> _received = [];
    private readonly byte[] _buffer = new byte[65536];

    /// <summary>The server has closed the connection and all that it sent was read.</summary>
    public bool IsClosed { get; private set; }

    /// <summary>Sends all of it; the server must have room.</summary>
    public void Send(ReadOnlySpan<byte> bytes, params int[] descriptors)
    {
        var status = descriptors.Length == 0 ? _connection.TrySend(bytes, out var sent) : _connection.TrySend(bytes, descriptors, out sent);
        Assert.Equal((StreamStatus.Moved, bytes.Length), (status, sent));
    }

    /// <summary>Sends until the socket is full.</summary>
    public int SendSome(ReadOnlySpan<byte> bytes) => _connection.TrySend(bytes, out var sent) == StreamStatus.Moved ? sent : 0;

    public bool TryReceive([NotNullWhen(true)] out Message? message)
    {
        while (!IsClosed)
        {
            var status = _connection.TryReceive(_buffer, out var bytes);
            if (status == StreamStatus.WouldBlock)
            {
                break;
            }

            IsClosed = status == StreamStatus.Closed;
            _received.AddRange(_buffer.AsSpan(0, bytes));
        }

        message = null;
        if (_received.Count < 16)
        {
            return false;
        }

        var all = _received.ToArray();
        var size = (int)BinaryPrimitives.ReadUInt32LittleEndian(all.AsSpan(4));
        if (all.Length < size)
        {
            return false;
        }

        _received.RemoveRange(0, size);
        message = new Message(all[..size]);
        return true;
    }

    public void Dispose() => _connection.Dispose();
}
