using ExpEther.Linux.Sockets;
using ExpEther.VfioUser.Keeping;
using ExpEther.VfioUser.Protocol;

namespace ExpEther.VfioUser.Sessions;

/// <summary>
/// What waits until the client reads. Each message is sent by a call of its own, and what a call leaves by further calls: a client that reads a
/// header in one piece, as QEMU does, always finds it in one piece, however full its buffer was. Of replies the journal is told: before one is sent,
/// and when it has gone.
/// </summary>
internal sealed class OutgoingQueue(SessionJournal journal)
{
    private const int NoReply = -1;

    private readonly Queue<int> _places = [];
    private byte[]? _bytes;
    private int _start;
    private int _headLeft;

    /// <summary>Bytes that wait.</summary>
    public int Count { get; private set; }

    /// <summary>Sends a whole message of ours, or keeps what cannot go now. The caller sees to it that there is room.</summary>
    public StreamStatus Send(IClientTransport transport, ReadOnlySpan<byte> message) => Send(transport, message, NoReply);

    /// <summary>Sends a whole reply, or keeps what cannot go now.</summary>
    /// <param name="transport">The client's.</param>
    /// <param name="message">The reply.</param>
    /// <param name="place">To whom, in the journal: a place, or <see cref="SessionJournal.Head"/>.</param>
    public StreamStatus SendReply(IClientTransport transport, ReadOnlySpan<byte> message, int place) => Send(transport, message, place);

    /// <summary>Sends what waits as far as there is room.</summary>
    /// <returns>Moved: something went.</returns>
    public StreamStatus Flush(IClientTransport transport)
    {
        var result = StreamStatus.WouldBlock;
        while (Count > 0)
        {
            var head = _bytes.AsSpan(_start, Count);
            var isBegun = _headLeft > 0;
            if (!isBegun)
            {
                Check.That(MessageHeader.TryRead(head, out var header));
                _headLeft = (int)header.Bytes;
            }

            var status = TrySend(transport, head[.._headLeft], _places.Peek(), isBegun, out var sent);
            if (status != StreamStatus.Moved)
            {
                _headLeft = isBegun ? _headLeft : 0;
                return status == StreamStatus.Closed ? status : result;
            }

            _start += sent;
            _headLeft -= sent;
            Count -= sent;
            result = StreamStatus.Moved;
            if (_headLeft == 0)
            {
                _places.Dequeue();
            }
        }

        _start = 0;
        return result;
    }

    private StreamStatus Send(IClientTransport transport, ReadOnlySpan<byte> message, int place)
    {
        var isBegun = false;
        if (Count == 0)
        {
            var status = TrySend(transport, message, place, isBegun: false, out var sent);
            if (status == StreamStatus.Closed || sent == message.Length)
            {
                return status;
            }

            message = message[sent..];
            isBegun = sent > 0;
        }

        // The request at the head is about to be consumed: from then on it is owed a reply by its place.
        _places.Enqueue(place == SessionJournal.Head ? journal.Owe() : place);
        Append(message);
        _headLeft = isBegun ? message.Length : _headLeft;
        return StreamStatus.WouldBlock;
    }

    private StreamStatus TrySend(IClientTransport transport, ReadOnlySpan<byte> message, int place, bool isBegun, out int sent)
    {
        if (place != NoReply && !isBegun)
        {
            journal.BeginReply(place);
        }

        var status = transport.TrySend(message, out sent);
        if (sent == message.Length)
        {
            if (isBegun)
            {
                journal.MarkCut(false);
            }

            if (place is not NoReply and not SessionJournal.Head)
            {
                journal.Settle(place);
            }
        }
        else if (sent > 0 && !isBegun)
        {
            journal.MarkCut(true);
        }
        else if (sent == 0 && place != NoReply && !isBegun)
        {
            journal.AbandonReply();
        }

        return status;
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
