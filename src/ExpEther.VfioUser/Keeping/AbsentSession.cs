using ExpEther.Linux.Polling;
using ExpEther.Linux.Sockets;
using ExpEther.VfioUser.Protocol;
using ExpEther.VfioUser.Sessions;

namespace ExpEther.VfioUser.Keeping;

/// <summary>
/// A client whose device is gone, from where another session left it to its own end: what is owed it is answered, and so is what it asks from then on
/// (<see cref="AbsentReplies"/>). It keeps the journal as any session does, so that the next one can go on from here as well.
/// <para>
/// No timers: what a client does not read it is not sent, what it does not finish is not looked at, and both cost what the buffers have. What makes no
/// sense as a stream ends it, as the last resort.
/// </para>
/// </summary>
internal sealed class AbsentSession : IDisposable
{
    private const string NoDevice = "it had no device yet";

    private readonly IClientTransport _transport;
    private readonly SessionJournal _journal;
    private readonly IncomingBuffer _incoming;
    private readonly OutgoingQueue _outgoing;
    private readonly Queue<int> _owed = [];
    private readonly byte[] _reply = new byte[AbsentReplies.BytesMax];
    private bool _isPeerGone;
    private bool _isMoreThere = true;

    /// <param name="transport">The client's; owned by the session.</param>
    /// <param name="journal">As it was left; owned by the session.</param>
    public AbsentSession(IClientTransport transport, SessionJournal journal)
    {
        _transport = transport;
        _journal = journal;
        _incoming = new IncomingBuffer(journal);
        _outgoing = new OutgoingQueue(journal);
        for (var place = 0; place < VfioUserLimits.OwedRepliesMax; place++)
        {
            if (journal.IsOwed(place))
            {
                _owed.Enqueue(place);
            }
        }

        if (!journal.IsServed)
        {
            EndReason = NoDevice;
        }
        else if (journal.IsCut)
        {
            EndReason = "the rest of a message is lost";
        }
    }

    /// <summary>Why it has ended; null: it has not.</summary>
    public string? EndReason { get; private set; }

    /// <summary>There is something to do although nothing has come.</summary>
    public bool HasWork => _isMoreThere && EndReason is null;

    /// <summary>What its socket is to be watched for.</summary>
    public PollEvents Interest =>
        (_incoming.HasRoom && !_isPeerGone ? PollEvents.Readable : PollEvents.None) | (_outgoing.Count > 0 ? PollEvents.Writable : PollEvents.None);

    /// <summary>Answers what there is, never waiting.</summary>
    /// <returns>True when something happened.</returns>
    public bool Poll()
    {
        if (EndReason is not null)
        {
            return false;
        }

        var moved = Flush();
        if (_journal.IsHeadDoubtful)
        {
            var one = 1;
            moved |= TakeMessages(ref one);
        }

        moved |= AnswerOwed();
        var budget = VfioUserLimits.MessagesPerPollMax;
        bool again;
        do
        {
            moved |= Receive(out again);
            moved |= TakeMessages(ref budget);
        }
        while (again && budget > 0 && EndReason is null);

        _isMoreThere = budget == 0;
        if (_isPeerGone && !_isMoreThere)
        {
            EndReason ??= "the client has closed the connection";
        }

        return moved;
    }

    public void Dispose()
    {
        _incoming.Dispose();
        _transport.Dispose();
        _journal.Dispose();
    }

    private bool HasRoom => _journal.HasPlace && _outgoing.Count + AbsentReplies.BytesMax <= VfioUserLimits.ReplyBytesMax;

    private bool Flush()
    {
        var status = _outgoing.Count == 0 ? StreamStatus.WouldBlock : _outgoing.Flush(_transport);
        _isPeerGone |= status == StreamStatus.Closed;
        return status == StreamStatus.Moved;
    }

    // They have their places already.
    private bool AnswerOwed()
    {
        Span<byte> payload = stackalloc byte[SessionJournal.PayloadBytes];
        var any = false;
        while (!_isPeerGone && _owed.TryDequeue(out var place))
        {
            Reply(_journal.Request(place, payload), payload, _journal.IsDoubtful(place), place);
            any = true;
        }

        return any;
    }

    private bool Receive(out bool again)
    {
        again = false;
        if (_isPeerGone || !_incoming.HasRoom)
        {
            return false;
        }

        var status = _incoming.Receive(_transport, out again);
        _isPeerGone = status == StreamStatus.Closed;
        return status != StreamStatus.WouldBlock;
    }

    private bool TakeMessages(ref int budget)
    {
        var moved = false;
        while (budget > 0 && EndReason is null && MessageHeader.TryRead(_incoming.Bytes, out var header))
        {
            if (header.Bytes is < MessageHeader.Size or > VfioUserLimits.MessageBytesMax)
            {
                EndReason = $"a message of {header.Bytes} bytes";
                break;
            }

            if (_incoming.Bytes.Length < header.Bytes || !Take(header, _incoming.Bytes[MessageHeader.Size..(int)header.Bytes]))
            {
                break;
            }

            _incoming.Consume((int)header.Bytes);
            budget--;
            moved = true;
        }

        return moved;
    }

    /// <returns>False: there is no room for its reply now.</returns>
    private bool Take(in MessageHeader header, ReadOnlySpan<byte> payload)
    {
        if (header.Type == MessageFlags.Reply && header.Command is VfioUserCommand.DmaRead or VfioUserCommand.DmaWrite)
        {
            return true; // to what the device asked while it was there
        }

        if (header is { Type: MessageFlags.Command, Command: VfioUserCommand.Version })
        {
            EndReason = NoDevice;
            return true;
        }

        if (header.Type != MessageFlags.Command)
        {
            EndReason = $"command {(ushort)header.Command}, flags {(uint)header.Flags:X}h, which makes no sense here";
            return true;
        }

        if (!header.IsPosted)
        {
            if (!HasRoom)
            {
                return false;
            }

            Reply(header, payload, _journal.IsHeadDoubtful, SessionJournal.Head);
        }

        return true;
    }

    private void Reply(in MessageHeader request, ReadOnlySpan<byte> payload, bool isDoubtful, int place)
    {
        var bytes = AbsentReplies.Write(request, payload, isDoubtful, _reply);
        _isPeerGone |= !_isPeerGone && _outgoing.SendReply(_transport, _reply.AsSpan(0, bytes), place) == StreamStatus.Closed;
    }
}
