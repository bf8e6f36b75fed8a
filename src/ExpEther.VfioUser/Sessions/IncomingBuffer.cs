using ExpEther.Linux.Sockets;
using ExpEther.VfioUser.Protocol;

namespace ExpEther.VfioUser.Sessions;

/// <summary>
/// What a client has sent and nobody has looked at yet, and the descriptors that came with one of its messages.
/// <para>
/// Theory: a receive ends with the send that brought descriptors (<see cref="UnixConnection"/>), and a client sends descriptors with a message's
/// first byte; so they belong to the last message that has begun. Until that message has gone, nothing behind it is received, and so
/// there are never descriptors of two messages.
/// </para>
/// </summary>
internal sealed class IncomingBuffer : IDisposable
{
    private readonly byte[] _bytes = new byte[VfioUserLimits.IncomingBytesMax];
    private readonly ReceivedDescriptors _descriptors = new();
    private readonly ReceivedDescriptors _none = new();
    private int _start;
    private int _end;
    private int _owner = -1;

    /// <summary>In order of arrival; valid until the next call.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(_start, _end - _start);

    /// <summary>Those that came with the first message in <see cref="Bytes"/>.</summary>
    public ReceivedDescriptors Descriptors => _owner == _start ? _descriptors : _none;

    /// <summary>Whether more may be received now.</summary>
    public bool HasRoom => Room > 0;

    private int Room => _owner < 0 ? _bytes.Length - (_end - _start) : MissingOfOwner();

    /// <summary>Receives what there is and has room. <paramref name="isMoreLikely"/>: there may be more than was taken.</summary>
    public StreamStatus Receive(IClientTransport transport, out bool isMoreLikely)
    {
        var room = Room;
        Check.That(room > 0);
        if (_bytes.Length - _end < room)
        {
            Compact();
        }

        var known = _descriptors.Count;
        var status = transport.TryReceive(_bytes.AsSpan(_end, Math.Min(room, _bytes.Length - _end)), _descriptors, out var bytes);
        _end += bytes;
        if (known == 0 && _descriptors.Count > 0)
        {
            _owner = LastMessage();
        }

        isMoreLikely = status == StreamStatus.Moved && (_descriptors.Count > 0 || bytes == room);
        return status;
    }

    /// <summary>The first message has been dealt with; descriptors of it that were not taken are closed.</summary>
    public void Consume(int bytes)
    {
        Check.That(bytes > 0 && bytes <= _end - _start);
        if (_owner == _start)
        {
            _descriptors.CloseAll();
            _owner = -1;
        }

        _start += bytes;
        if (_start == _end)
        {
            _start = 0;
            _end = 0;
        }
    }

    public void Dispose() => _descriptors.Dispose();

    private void Compact()
    {
        Bytes.CopyTo(_bytes);
        _owner = _owner < 0 ? -1 : _owner - _start;
        _end -= _start;
        _start = 0;
    }

    // Where the last message begins of which there is at least a byte. One of impossible size is the last: the stream ends there.
    private int LastMessage()
    {
        var at = _start;
        while (MessageHeader.TryRead(_bytes.AsSpan(at, _end - at), out var header)
            && header.Bytes is >= MessageHeader.Size and <= VfioUserLimits.MessageBytesMax && at + (int)header.Bytes < _end)
        {
            at += (int)header.Bytes;
        }

        return at;
    }

    // What has to come until the message with the descriptors is whole, or its length is known.
    private int MissingOfOwner()
    {
        var there = _end - _owner;
        if (!MessageHeader.TryRead(_bytes.AsSpan(_owner, there), out var header))
        {
            return MessageHeader.Size - there;
        }

        return header.Bytes is >= MessageHeader.Size and <= VfioUserLimits.MessageBytesMax ? Math.Max(0, (int)header.Bytes - there) : 0;
    }
}
