using ExpEther.Linux.Sockets;
using ExpEther.VfioUser.Keeping;
using ExpEther.VfioUser.Protocol;

namespace ExpEther.VfioUser.Sessions;

/// <summary>
/// What a client has sent and nobody has looked at yet, and the descriptors that came with one of its messages.
/// <para>
/// Theory: a receive ends with the send that brought descriptors (<see cref="UnixConnection"/>), and a client sends descriptors with a message's
/// first byte; so they belong to the last message that has begun. Until that message has gone, nothing behind it is received, and so
/// there are never descriptors of two messages. The bytes lie in the session's journal, for who goes on with it.
/// </para>
/// </summary>
internal sealed class IncomingBuffer(SessionJournal journal) : IDisposable
{
    private readonly ReceivedDescriptors _descriptors = new();
    private readonly ReceivedDescriptors _none = new();
    private int _owner = -1;

    /// <summary>In order of arrival; valid until the next call.</summary>
    public ReadOnlySpan<byte> Bytes => journal.Incoming[journal.Start..journal.End];

    /// <summary>Those that came with the first message in <see cref="Bytes"/>.</summary>
    public ReceivedDescriptors Descriptors => _owner == journal.Start ? _descriptors : _none;

    /// <summary>Whether more may be received now.</summary>
    public bool HasRoom => Room > 0;

    private int Room
    {
        get
        {
            // Until half of what waits has gone, it cannot be moved, and there is room only behind it.
            var room = VfioUserLimits.IncomingBytesMax - (journal.CanMove ? journal.End - journal.Start : journal.End);
            return _owner < 0 ? room : Math.Min(room, MissingOfOwner());
        }
    }

    /// <summary>Receives what there is and has room. <paramref name="isMoreLikely"/>: there may be more than was taken.</summary>
    public StreamStatus Receive(IClientTransport transport, out bool isMoreLikely)
    {
        var room = Room;
        Check.That(room > 0);
        if (VfioUserLimits.IncomingBytesMax - journal.End < room)
        {
            _owner = _owner < 0 ? -1 : _owner - journal.Start;
            journal.MoveToFront();
        }

        var known = _descriptors.Count;
        var status = transport.TryReceive(journal.Incoming.Slice(journal.End, room), _descriptors, out var bytes);
        if (bytes > 0)
        {
            journal.Received(bytes);
        }

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
        Check.That(bytes > 0 && bytes <= journal.End - journal.Start);
        if (_owner == journal.Start)
        {
            _descriptors.CloseAll();
            _owner = -1;
        }

        journal.Consumed(bytes);
    }

    public void Dispose() => _descriptors.Dispose();

    // Where the last message begins of which there is at least a byte. One of impossible size is the last: the stream ends there.
    private int LastMessage()
    {
        var at = journal.Start;
        while (MessageHeader.TryRead(journal.Incoming[at..journal.End], out var header)
            && header.Bytes is >= MessageHeader.Size and <= VfioUserLimits.MessageBytesMax && at + (int)header.Bytes < journal.End)
        {
            at += (int)header.Bytes;
        }

        return at;
    }

    // What has to come until the message with the descriptors is whole, or its length is known.
    private int MissingOfOwner()
    {
        var there = journal.End - _owner;
        if (!MessageHeader.TryRead(journal.Incoming.Slice(_owner, there), out var header))
        {
            return MessageHeader.Size - there;
        }

        return header.Bytes is >= MessageHeader.Size and <= VfioUserLimits.MessageBytesMax ? Math.Max(0, (int)header.Bytes - there) : 0;
    }
}
