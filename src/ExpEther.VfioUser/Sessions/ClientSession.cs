using ExpEther.Core.Time;
using ExpEther.Linux.Polling;
using ExpEther.Linux.Sockets;
using ExpEther.VfioUser.Keeping;
using ExpEther.VfioUser.Memory;
using ExpEther.VfioUser.Protocol;

namespace ExpEther.VfioUser.Sessions;

/// <summary>
/// One client, from its first byte to its last: bytes and descriptors in, bytes out, time an argument.
/// <para>
/// States: waits for VERSION (bounded) → served → ended (<see cref="EndReason"/>). Messages are taken strictly in order. The first one may be
/// held (<see cref="HeldFor"/>), and then nothing behind it is looked at: the buffer fills, and the socket pushes back. Replies
/// leave in the order in which the device ends the requests, never waiting for what the client is asked in turn: QEMU answers
/// DMA_READ under the lock that its own pending request holds.
/// </para>
/// <para>
/// What a client sends is never trusted: a request that makes no sense is refused by an error reply; what makes the stream itself meaningless
/// (lengths, types, replies nobody asked for, no VERSION first) ends it. Timers: VERSION, half a message, readiness, room, the client's own reading.
/// </para>
/// </summary>
internal sealed partial class ClientSession : IMemoryChannel, IDisposable
{
    private readonly IClientTransport _transport;
    private readonly IVfioUserDevice _device;
    private readonly GuestMemory _memory;
    private readonly VfioUserCounters _counters;
    private readonly TimeSpan _readyTimeout;
    private readonly SessionJournal _journal;
    private readonly IncomingBuffer _incoming;
    private readonly OutgoingQueue _outgoing;
    private readonly PendingRequests _pending;
    private readonly InterruptEvents _interrupts;
    private readonly byte[] _scratch = new byte[VfioUserLimits.MessageBytesMax];
    private readonly Instant _begun;

    private Instant _now;
    private Instant _heldSince;
    private HeldFor _held;
    private Instant? _halfSince;
    private Instant? _unreadSince;
    private bool _isMoreThere;
    private bool _isPeerGone;
    private bool _wasReady;
    private bool _isResetting;
    private int _rangesMax = VfioUserLimits.MemoryRangesMax;
    private long _unansweredWrites;
    private bool _isLeft;

    /// <param name="number">Of the connection; different from every earlier one's.</param>
    /// <param name="transport">Owned by the session.</param>
    /// <param name="journal">At its beginning; owned by the session.</param>
    /// <param name="device">Who has the device.</param>
    /// <param name="memory">Empty.</param>
    /// <param name="counters">To count in.</param>
    /// <param name="readyTimeout">How long questions wait for the device.</param>
    /// <param name="now">The time of connecting.</param>
    public ClientSession(
        uint number, IClientTransport transport, SessionJournal journal, IVfioUserDevice device, GuestMemory memory, VfioUserCounters counters,
        TimeSpan readyTimeout, Instant now)
    {
        _transport = transport;
        _journal = journal;
        _incoming = new IncomingBuffer(journal);
        _outgoing = new OutgoingQueue(journal);
        _device = device;
        _memory = memory;
        _counters = counters;
        _readyTimeout = readyTimeout;
        _pending = new PendingRequests(number);
        _interrupts = new InterruptEvents(device);
        _begun = now;
        _now = now;
    }

    /// <summary>The client has negotiated its version.</summary>
    public bool IsServed { get; private set; }

    /// <summary>Why it has ended; null: it has not. Its owner then disposes of it.</summary>
    public string? EndReason { get; private set; }

    /// <summary>It ended for what the client did.</summary>
    public bool IsViolation { get; private set; }

    /// <summary>It ended for other reasons than the client's: the stream makes sense, and another session can go on with it.</summary>
    public bool CanGoOn => IsServed && !IsViolation && !_isPeerGone && !_journal.IsCut;

    /// <summary>What an operator should know of this client.</summary>
    public ClientTroubles Troubles { get; } = new();

    /// <summary>What its socket is to be watched for.</summary>
    public PollEvents Interest =>
        (_incoming.HasRoom && !_isPeerGone ? PollEvents.Readable : PollEvents.None) | (_outgoing.Count > 0 ? PollEvents.Writable : PollEvents.None);

    /// <summary>Its first message is held, and goes on when the device lets it; or it has ended.</summary>
    public bool IsWaiting => _held != HeldFor.Nothing || EndReason is not null;

    public Instant? NextDeadline
    {
        get
        {
            if (_isMoreThere || EndReason is not null)
            {
                return _now;
            }

            var next = IsServed ? null : (Instant?)(_begun + VfioUserLimits.VersionTimeout);
            next = Instant.Earliest(next, _halfSince + VfioUserLimits.HalfMessageTimeout);
            next = Instant.Earliest(next, _unreadSince + VfioUserLimits.SendTimeout);
            next = Instant.Earliest(next, HeldDeadline);
            return Instant.Earliest(next, _memory.Reads.NextDeadline);
        }
    }

    private Instant? HeldDeadline => _held switch
    {
        HeldFor.Readiness => _heldSince + _readyTimeout,
        HeldFor.DeviceRoom => _heldSince + VfioUserLimits.NoRoomTimeout,
        _ => null,
    };

    /// <summary>Takes notice of the time, from which what is sent between two polls is waited for.</summary>
    public void Advance(Instant now) => _now = now;

    /// <summary>Takes what has come, sends what waits. Never blocks.</summary>
    /// <returns>True when something happened.</returns>
    public bool Poll(Instant now)
    {
        _now = now;
        var budget = VfioUserLimits.MessagesPerPollMax;
        var moved = Flush() | _memory.Reads.Expire(now);
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
            End("the client has closed the connection");
        }

        EndIfOverdue();
        return moved;
    }

    /// <summary>Ends it; what waits to be sent is lost.</summary>
    public void End(string reason) => EndReason ??= reason;

    /// <summary>Leaves the transport and the journal's memory, which <see cref="Dispose"/> then spares, to who goes on.</summary>
    public JournalMemory Leave()
    {
        _isLeft = true;
        return _journal.Detach();
    }

    public void Dispose()
    {
        _interrupts.Dispose();
        _incoming.Dispose();
        if (!_isLeft)
        {
            _transport.Dispose();
            _journal.Dispose();
        }
    }

    private void Violate(string reason)
    {
        if (EndReason is null)
        {
            EndReason = reason;
            IsViolation = true;
            _counters.Violations++;
        }
    }

    private bool Flush()
    {
        if (_outgoing.Count == 0)
        {
            return false;
        }

        var status = _outgoing.Flush(_transport);
        _isPeerGone |= status == StreamStatus.Closed;
        _unreadSince = _outgoing.Count == 0 ? null : status == StreamStatus.Moved ? _now : _unreadSince;
        return status == StreamStatus.Moved;
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
        var isHalf = false;
        while (budget > 0 && EndReason is null)
        {
            var bytes = _incoming.Bytes;
            isHalf = bytes.Length > 0;
            if (!MessageHeader.TryRead(bytes, out var header))
            {
                break;
            }

            if (header.Bytes is < MessageHeader.Size or > VfioUserLimits.MessageBytesMax)
            {
                Violate($"a message of {header.Bytes} bytes: it has {MessageHeader.Size} to {VfioUserLimits.MessageBytesMax}");
                break;
            }

            if (bytes.Length < header.Bytes)
            {
                break;
            }

            isHalf = false;
            var hold = Take(header, bytes[MessageHeader.Size..(int)header.Bytes]);
            if (hold != HeldFor.Nothing)
            {
                Hold(hold);
                break;
            }

            _held = HeldFor.Nothing;
            _halfSince = null;
            _incoming.Consume((int)header.Bytes);
            _counters.Messages++;
            budget--;
            moved = true;
        }

        _halfSince = isHalf ? _halfSince ?? _now : null;
        return moved;
    }

    private void Hold(HeldFor hold)
    {
        if (_held != hold)
        {
            _held = hold;
            _heldSince = _now;
        }
    }

    private void EndIfOverdue()
    {
        if (!IsServed && _begun + VfioUserLimits.VersionTimeout <= _now)
        {
            Violate("it has not said its version in time");
        }

        if (_halfSince + VfioUserLimits.HalfMessageTimeout <= _now)
        {
            Violate("half a message, and then nothing");
        }

        if (_unreadSince + VfioUserLimits.SendTimeout <= _now)
        {
            End("it does not read what it is sent");
        }

        if (HeldDeadline <= _now)
        {
            End(_held == HeldFor.Readiness ? "the device was not ready in time" : "the device has taken no access for too long");
        }
    }
}
