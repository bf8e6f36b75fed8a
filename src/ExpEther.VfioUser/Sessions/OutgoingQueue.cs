using ExpEther.Linux.Sockets;
using ExpEther.VfioUser.Protocol;

namespace ExpEther.VfioUser.Sessions;

/// <summary>
/// What waits until the client reads. Each message is sent by a call of its own, and what a call leaves by further calls: a client that reads a
/// header in one piece, as QEMU does, always finds it in one piece, however full its buffer was.
/// </summary>
internal sealed class OutgoingQueue
{
    private byte[]? _bytes;
    private int _start;
    private int _headLeft;

    /// <summary>Bytes that wait.</summary>
    public int Count { get; private set; }

    /// <summary>Sends a whole message, or keeps what cannot go now. The caller sees to it that there is room.</summary>
    public StreamStatus Send(IClientTransport transport, ReadOnlySpan<byte> message)
    {
        if (Count == 0)
        {
            var status = transport.TrySend(message, out var sent);
            if (status == StreamStatus.Closed || sent == message.Length)
            {
                return status;
            }

            message = message[sent..];
            _headLeft = sent == 0 ? 0 : message.Length;
        }

        Append(message);
        return StreamStatus.WouldBlock;
    }

    /// <summary>Sends what waits as far as there is room.</summary>
    /// <returns>Moved: something went.</returns>
    public StreamStatus Flush(IClientTransport transport)
    {
        var result = StreamStatus.WouldBlock;
        while (Count > 0)
        {
            var head = _bytes.AsSpan(_start, Count);
            if (_headLeft == 0)
            {
                Check.That(MessageHeader.TryRead(head, out var header));
                _headLeft = (int)header.Bytes;
            }

            var status = transport.TrySend(head[.._headLeft], out var sent);
            if (status != StreamStatus.Moved)
            {
                return status == StreamStatus.Closed ? status : result;
            }

            _start += sent;
            _headLeft -= sent;
            Count -= sent;
            result = StreamStatus.Moved;
        }

        _start = 0;
        return result;
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        _bytes ??= new byte[VfioUserLimits.OutgoingBytesMax];
        Check.That(Count + bytes.Length <= _bytes.Length);
        if (_start + Count + bytes.Length > _bytes.Length)
        {
            _bytes.AsSpan(_start, Count).CopyTo(_bytes);
            _start = 0;
        }

        bytes.CopyTo(_bytes.AsSpan(_start + Count));
        Count += bytes.Length;
    }
}
