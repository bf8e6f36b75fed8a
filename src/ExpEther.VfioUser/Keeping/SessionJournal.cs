using System.Buffers.Binary;
using ExpEther.Linux.Memory;
using ExpEther.VfioUser.Protocol;

namespace ExpEther.VfioUser.Keeping;

/// <summary>
/// What has to be known of a client's stream to go on with it after the process that served it was killed at any instruction: what was received and
/// not dealt with, and which requests are owed a reply. It lies in memory that another process has too (<see cref="JournalMemory"/>).
/// <para>
/// Theory. A killed process leaves its stores up to some instruction and its system calls up to some call; between a call and the store that notes it lies the
/// only doubt. A receive goes straight into <see cref="Incoming"/>, which is zeros behind what is known: bytes there that are not zero have
/// been received (<see cref="Recover"/>). A reply is announced before it is sent (<see cref="BeginReply"/>): the one that was announced last may have been
/// sent or not. It is then repeated as a header alone, which clients that have had it already pass over as one: their stream stays whole.
/// </para>
/// <para>
/// A turn is one message dealt with. What is noted about the message at the head of the buffer carries the turn, so that consuming the message, one store,
/// makes all of it void or valid at once. A place in the table of owed replies is in use from before that store until after its reply was sent.
/// </para>
/// <code>
///    0  magic and version          40  served: the client has had its version
///    8  window: start, end, turn   48  cut: a message was sent in part
///   16  moving: bytes are moved    64  the table: command, ID; the first 24 bytes of the request's payload
///   24  reply: turn, place       then  what was received
///   32  taken: turn, place
/// </code>
/// </summary>
internal sealed class SessionJournal : IDisposable
{
    /// <summary>The place of the request at the head of the buffer, which has none yet.</summary>
    public const int Head = 0xFFFE;

    /// <summary>Of the whole memory.</summary>
    public const int Bytes = IncomingOffset + VfioUserLimits.IncomingBytesMax;

    /// <summary>What is kept of a request's payload.</summary>
    public const int PayloadBytes = 24;

    private const ulong Magic = 0x0001_4C4E_524A_5845; // "EXJRNL", version 1
    private const int WindowOffset = 8;
    private const int MovingOffset = 16;
    private const int ReplyOffset = 24;
    private const int TakenOffset = 32;
    private const int ServedOffset = 40;
    private const int CutOffset = 48;
    private const int TableOffset = 64;
    private const int EntryBytes = 32;
    private const int IncomingOffset = TableOffset + (VfioUserLimits.OwedRepliesMax * EntryBytes);
    private const int WindowBits = 17;
    private const ulong WindowMask = (1 << WindowBits) - 1;
    private const ulong TurnMask = (1UL << (64 - (2 * WindowBits))) - 1;
    private const ulong Used = 1UL << 63;
    private const ulong Doubtful = 1UL << 62;

    private readonly JournalMemory _memory;
    private readonly int[] _free = new int[VfioUserLimits.OwedRepliesMax];
    private int _freeCount;
    private ulong _turn;
    private ulong _reply;

    private SessionJournal(JournalMemory memory) => _memory = memory;

    /// <summary>To give to another process; belongs to this object.</summary>
    public int FileDescriptor => _memory.FileDescriptor;

    /// <summary>Where received bytes go; zeros from <see cref="End"/> on.</summary>
    public Span<byte> Incoming => _memory.Bytes[IncomingOffset..];

    /// <summary>The first byte of the message at the head.</summary>
    public int Start { get; private set; }

    /// <summary>Behind the last byte that was received.</summary>
    public int End { get; private set; }

    /// <summary>Whether one more request can be owed its reply.</summary>
    public bool HasPlace => _freeCount > 0;

    public bool IsServed => _memory.Load(ServedOffset) != 0;

    /// <summary>A message was sent in part, and its rest is not here.</summary>
    public bool IsCut => _memory.Load(CutOffset) != 0;

    /// <exception cref="Linux.LinuxException">There are no more descriptors or memory.</exception>
    public static SessionJournal Create() => Begin(new JournalMemory(SharedMemoryFile.Create("expether-session", Bytes)));

    /// <summary>Begins one in memory that is all zeros, and which it owns.</summary>
    public static SessionJournal Begin(JournalMemory memory)
    {
        var journal = new SessionJournal(memory);
        journal.FreeAllBut(static _ => false);
        memory.Store(0, Magic);
        return journal;
    }

    /// <summary>Goes on with one whose process has ended, or has stopped writing it.</summary>
    /// <param name="memory">Owned by the journal from now on, also when it is refused.</param>
    /// <returns>Null: it is not one, or makes no sense.</returns>
    public static SessionJournal? Continue(JournalMemory memory)
    {
        var journal = new SessionJournal(memory);
        var window = memory.Bytes.Length == Bytes && memory.Load(0) == Magic ? memory.Load(WindowOffset) : ulong.MaxValue;
        (journal.Start, journal.End) = ((int)(window & WindowMask), (int)((window >> WindowBits) & WindowMask));
        journal._turn = window >> (2 * WindowBits);
        if (journal.Start > journal.End || journal.End > VfioUserLimits.IncomingBytesMax)
        {
            memory.Dispose();
            return null;
        }

        journal._reply = memory.Load(ReplyOffset);
        journal.Recover();
        journal.IsHeadDoubtful = journal._reply == journal.Mark(Head);
        for (var place = 0; place < VfioUserLimits.OwedRepliesMax; place++)
        {
            if (!journal.IsOwed(place))
            {
                memory.Store(EntryOf(place), 0); // of the message at the head, which is still to be dealt with
            }
            else if ((journal._reply & 0xFFFF) == (ulong)(place + 1))
            {
                memory.Store(EntryOf(place), memory.Load(EntryOf(place)) | Doubtful);
            }
        }

        journal.FreeAllBut(journal.IsOwed);
        return journal;
    }

    /// <summary>Notes a receive to <see cref="End"/>.</summary>
    public void Received(int bytes)
    {
        End += bytes;
        StoreWindow();
    }

    /// <summary>Notes that the message at the head has been dealt with.</summary>
    public void Consumed(int bytes)
    {
        Start += bytes;
        IsHeadDoubtful = false;
        _turn = (_turn + 1) & TurnMask;
        if (Start == End)
        {
            MoveToFront();
        }
        else
        {
            StoreWindow();
        }
    }

    /// <summary>Whether <see cref="MoveToFront"/> finds room that it does not itself need.</summary>
    public bool CanMove => Start >= End - Start;

    /// <summary>Moves what waits to the front. Killed in the middle of it, either the old place or the new one holds.</summary>
    public void MoveToFront()
    {
        Check.That(CanMove);
        var (length, dirty) = (End - Start, End);
        _memory.Store(MovingOffset, 1);
        Incoming[Start..End].CopyTo(Incoming);
        (Start, End) = (0, length);
        StoreWindow();
        Incoming[length..dirty].Clear();
        _memory.Store(MovingOffset, 0);
    }

    /// <summary>Notes that the request at the head is owed a reply, from the moment that it is consumed.</summary>
    /// <returns>Its place, until <see cref="Settle"/>.</returns>
    public int Owe()
    {
        Check.That(MessageHeader.TryRead(Incoming[Start..End], out var header) && HasPlace);
        var place = _free[--_freeCount];
        if ((_reply & 0xFFFF) == (ulong)(place + 1))
        {
            StoreReply(0); // it was about who had the place before
        }

        _memory.Store(TakenOffset, Mark(place));
        Span<byte> payload = stackalloc byte[PayloadBytes];
        payload.Clear();
        var there = Incoming[(Start + MessageHeader.Size)..Math.Min(End, Start + Math.Max((int)header.Bytes, MessageHeader.Size))];
        there[..Math.Min(there.Length, PayloadBytes)].CopyTo(payload);
        for (var at = 0; at < PayloadBytes; at += sizeof(ulong))
        {
            _memory.Store(EntryOf(place) + sizeof(ulong) + at, BinaryPrimitives.ReadUInt64LittleEndian(payload[at..]));
        }

        _memory.Store(EntryOf(place), Used | (IsHeadDoubtful ? Doubtful : 0) | ((ulong)header.Command << 16) | header.Id);
        return place;
    }

    /// <summary>Notes that a reply is about to be sent.</summary>
    /// <param name="place">Whose, or <see cref="Head"/>.</param>
    public void BeginReply(int place) => StoreReply(Mark(place));

    /// <summary>Nothing of it was sent.</summary>
    public void AbandonReply() => StoreReply(0);

    /// <summary>A reply was sent, whole.</summary>
    public void Settle(int place)
    {
        _memory.Store(EntryOf(place), 0);
        _free[_freeCount++] = place;
    }

    public void MarkServed() => _memory.Store(ServedOffset, 1);

    public void MarkCut(bool isCut) => _memory.Store(CutOffset, isCut ? 1UL : 0);

    /// <summary>
    /// The reply to the request at the head may have been sent already. It is to be dealt with before another reply is announced, which makes that one
    /// the doubt of who comes next.
    /// </summary>
    public bool IsHeadDoubtful { get; private set; }

    /// <summary>Whether the reply to a request that is owed may have been sent already.</summary>
    public bool IsDoubtful(int place) => (_memory.Load(EntryOf(place)) & Doubtful) != 0;

    /// <summary>Whether a request that was consumed waits for its reply there.</summary>
    public bool IsOwed(int place) => (_memory.Load(EntryOf(place)) & Used) != 0 && _memory.Load(TakenOffset) != Mark(place);

    /// <summary>The request of a place that is owed.</summary>
    /// <param name="place">See <see cref="IsOwed"/>.</param>
    /// <param name="payload">Gets the beginning of its payload.</param>
    public MessageHeader Request(int place, Span<byte> payload)
    {
        var entry = _memory.Load(EntryOf(place));
        _memory.Bytes.Slice(EntryOf(place) + sizeof(ulong), PayloadBytes).CopyTo(payload);
        return new MessageHeader((ushort)entry, (VfioUserCommand)(ushort)(entry >> 16), MessageHeader.Size + PayloadBytes, MessageFlags.Command, 0);
    }

    /// <summary>Gives the memory to who goes on with it; this journal is not used any more.</summary>
    public JournalMemory Detach() => _memory;

    public void Dispose() => _memory.Dispose();

    private static int EntryOf(int place) => TableOffset + (place * EntryBytes);

    private ulong Mark(int place) => (_turn << 16) | (uint)(place + 1);

    private void StoreWindow() => _memory.Store(WindowOffset, (uint)Start | ((ulong)End << WindowBits) | (_turn << (2 * WindowBits)));

    private void StoreReply(ulong mark)
    {
        _reply = mark;
        _memory.Store(ReplyOffset, mark);
    }

    private void FreeAllBut(Func<int, bool> isOwed)
    {
        _freeCount = 0;
        for (var place = VfioUserLimits.OwedRepliesMax - 1; place >= 0; place--)
        {
            if (!isOwed(place))
            {
                _free[_freeCount++] = place;
            }
        }
    }

    /// <summary>
    /// Finds what a receive brought whose end was not noted: all up to the last byte that is not zero, and the rest of the message that this
    /// lies in, which a client sends in one piece, and the kernel gives in one.
    /// </summary>
    private void Recover()
    {
        var behind = Incoming[End..];
        if (_memory.Load(MovingOffset) != 0)
        {
            behind.Clear();
            _memory.Store(MovingOffset, 0);
            return;
        }

        var received = End + behind.LastIndexOfAnyExcept((byte)0) + 1;
        if (received == End)
        {
            return;
        }

        var at = Start;
        while (at < received && MessageHeader.TryRead(Incoming[at..], out var header)
            && header.Bytes is >= MessageHeader.Size and <= VfioUserLimits.MessageBytesMax)
        {
            at += (int)header.Bytes;
        }

        End = Math.Min(Math.Max(at, received), VfioUserLimits.IncomingBytesMax);
        StoreWindow();
    }
}
