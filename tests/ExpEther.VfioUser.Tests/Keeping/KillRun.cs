using ExpEther.Core.Time;
using ExpEther.Linux.Memory;
using ExpEther.Linux.Polling;
using ExpEther.VfioUser.Keeping;
using ExpEther.VfioUser.Memory;
using ExpEther.VfioUser.Sessions;
using ExpEther.VfioUser.Tests.Clients;

namespace ExpEther.VfioUser.Tests.Keeping;

/// <summary>
/// A client's session that is killed at every store to its journal and after every system call; each time another session goes on from what is left, for
/// some messages more, and the client gets what it is owed. The second one may be killed as well.
/// </summary>
internal sealed class KillRun : IDisposable
{
    private const int MessagesAfter = 4;

    private readonly IReadOnlyList<byte[]> _messages;
    private readonly Random _random;
    private readonly KillTransport _transport;
    private readonly WatchedMemory _memory;
    private readonly ClientSession _session;
    private readonly GuestMemory _guest = new();
    private readonly LateDevice _device;
    private readonly int _secondKillsOf;
    private Instant _now = new(1_000_000_000);

    /// <param name="messages">The client's, in order; the first asks for a version.</param>
    /// <param name="seed">Of all that is left to chance.</param>
    /// <param name="secondKillsOf">The second session is killed too, at one moment of so many of the first one's; 0: never.</param>
    public KillRun(IReadOnlyList<byte[]> messages, int seed, int secondKillsOf)
    {
        (_messages, _random, _secondKillsOf) = (messages, new Random(seed), secondKillsOf);
        _memory = new WatchedMemory(SharedMemoryFile.Create("expether-session", SessionJournal.Bytes), OnMoment);
        _transport = new KillTransport(messages, _random, OnMoment) { ReadPercent = _random.Next(3) == 0 ? 40 : 100 };
        _device = new LateDevice(_random);
        _session = new ClientSession(
            (uint)seed & 0xFFFF, _transport, SessionJournal.Begin(_memory), _device, _guest, new VfioUserCounters(), TimeSpan.FromSeconds(4), _now);
    }

    /// <summary>How often it was killed.</summary>
    public int Kills { get; private set; }

    /// <summary>How often a reply was repeated as a header, because it may not have been sent.</summary>
    public int Repeated { get; private set; }

    /// <summary>How often the client had no version yet, so that its connection was closed.</summary>
    public int Unserved { get; private set; }

    public void Run()
    {
        while (_transport.Sent < _messages.Count)
        {
            // The client waits for its version, as all do; then it sends some at a time.
            _transport.Sent = Math.Min(_messages.Count, _transport.Sent + (_session.IsServed ? _random.Next(1, 5) : _transport.Sent == 0 ? 1 : 0));
            Turn();
        }

        _transport.ReadPercent = 100;
        for (var i = 0; i < 100 || _transport.Taken < _messages.Count; i++)
        {
            Turn();
        }

        Assert.Null(_session.EndReason);
        Check(_transport.Replies, _transport.Sent, mayRepeat: 0);
    }

    public void Dispose()
    {
        _session.End("the test is over");
        _guest.Clear();
        _session.Dispose();
        _memory.Dispose();
        _transport.Dispose();
    }

    private void Turn()
    {
        _now += TimeSpan.FromMilliseconds(1);
        _guest.Now = _now;
        _session.Poll(_now);
        _device.AnswerSome(_session);
    }

    // The session may be killed now.
    private void OnMoment()
    {
        Kills++;
        var isKilledTwice = _secondKillsOf > 0 && _random.Next(_secondKillsOf) == 0;
        GoOn(_memory.Bytes, new Left(_transport.Taken, _transport.Sent, [.. _transport.Replies]), isKilledTwice, mayRepeat: 1);
    }

    private void GoOn(ReadOnlySpan<byte> memory, Left left, bool isKilledToo, int mayRepeat)
    {
        KillTransport? transport = null;
        WatchedMemory? watched = null;
        void OnSecondMoment()
        {
            if (isKilledToo && transport is not null)
            {
                GoOn(watched!.Bytes, new Left(transport.Taken, transport.Sent, [.. left.Replies, .. transport.Replies]), false, mayRepeat + 1);
            }
        }

        var file = SharedMemoryFile.Create("expether-session", SessionJournal.Bytes);
        memory[..(memory.LastIndexOfAnyExcept((byte)0) + 1)].CopyTo(file.Bytes);
        watched = new WatchedMemory(file, OnSecondMoment);
        var journal = SessionJournal.Continue(watched);
        if (journal is null)
        {
            Assert.Equal(0, left.Taken); // killed before there was one
            return;
        }

        transport = new KillTransport(_messages, _random, OnSecondMoment) { Taken = left.Taken, Sent = left.Sent };
        using var session = new AbsentSession(transport, journal);
        var until = Math.Min(_messages.Count, left.Sent + MessagesAfter);
        while (session.EndReason is null && (session.Poll() || transport.Sent < until))
        {
            transport.Sent = Math.Min(until, transport.Sent + 1);
        }

        if (session.EndReason is { } reason)
        {
            Assert.Equal("it had no device yet", reason);
            Unserved++;
            return;
        }

        Assert.Equal(transport.Sent, transport.Taken);
        Check([.. left.Replies, .. transport.Replies], transport.Sent, mayRepeat);
    }

    // Each request has one reply, and none but the one whose reply may or may not have gone has a second, which is a header.
    private void Check(List<byte[]> replies, int sent, int mayRepeat)
    {
        var owed = _messages.Take(sent).Select(m => new Message(m)).Where(m => (m.Flags & (Message.Reply | Message.NoReply)) == 0).Select(m => m.Id);
        var had = new HashSet<ushort>();
        var repeated = 0;
        foreach (var reply in replies.Select(r => new Message(r)))
        {
            Assert.Equal((uint)reply.Bytes.Length, reply.Size);
            Assert.Equal(Message.Reply, reply.Flags & 0xF);
            if (!had.Add(reply.Id))
            {
                repeated++;
                Assert.Equal(16u, reply.Size);
            }
        }

        Assert.Equal(owed.Order(), had.Order());
        Assert.True(repeated <= mayRepeat, $"{repeated} replies came twice");
        Repeated += repeated;
    }

    /// <summary>What the kernel has when the process is gone.</summary>
    private sealed record Left(int Taken, int Sent, List<byte[]> Replies);

    private sealed class LateDevice(Random random) : IVfioUserDevice
    {
        private readonly List<Action<ClientSession>> _due = [];

        public bool IsReady => true;

        public VfioUserRegion RegionOf(int index) => index == 7 ? new(4096) : new(1 << 20);

        public int InterruptsOf(int index) => index < 3 ? 8 : 0;

        public void AnswerSome(ClientSession session)
        {
            while (_due.Count > 0 && random.Next(3) > 0)
            {
                var place = random.Next(_due.Count);
                var end = _due[place];
                _due.RemoveAt(place);
                end(session);
            }
        }

        public bool TryRead(int region, ulong offset, int bytes, ulong token) =>
            Later(session => session.CompleteRead(token, [.. Enumerable.Repeat((byte)0x5A, bytes)]));

        public bool TryWrite(int region, ulong offset, ReadOnlySpan<byte> data, ulong token, bool isPosted) =>
            isPosted || Later(session => session.CompleteWrite(token, true));

        public bool TryReset(ulong token) => Later(session => session.CompleteWrite(token, true));

        public void OnConnected()
        {
        }

        public void OnDisconnected(string reason)
        {
        }

        public void OnInterruptEvent(int index, int vector, EventFd? wake)
        {
        }

        public void OnMemoryChanged()
        {
        }

        private bool Later(Action<ClientSession> end)
        {
            _due.Add(end);
            return true;
        }
    }
}
