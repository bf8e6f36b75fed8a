using ExpEther.VfioUser.Protocol;

namespace ExpEther.VfioUser.Sessions;

/// <summary>
/// Requests that the device has been given and not ended. A token says which client's, which place, and which use of the place, so that one of a
/// former client is recognised and one given back twice is a broken invariant.
/// </summary>
internal sealed class PendingRequests
{
    private readonly Entry[] _entries = new Entry[VfioUserLimits.RequestsMax];
    private readonly int[] _free = new int[VfioUserLimits.RequestsMax];
    private readonly uint _client;
    private int _freeCount = VfioUserLimits.RequestsMax;

    /// <param name="client">Number of the connection.</param>
    public PendingRequests(uint client)
    {
        _client = client;
        for (var i = 0; i < _free.Length; i++)
        {
            _free[i] = _free.Length - 1 - i;
        }
    }

    public bool IsFull => _freeCount == 0;

    /// <summary>Bytes of replies that these requests will have.</summary>
    public int ReplyBytes { get; private set; }

    /// <summary>The token that <see cref="Begin"/> gives next.</summary>
    public ulong NextToken => TokenOf(_free[_freeCount - 1]);

    /// <summary>Notes a request that the device took with <see cref="NextToken"/>.</summary>
    /// <param name="header">The request's.</param>
    /// <param name="access">What it asks for.</param>
    /// <param name="replyBytes">Of its reply.</param>
    /// <param name="place">Of its reply in the session's journal.</param>
    public void Begin(in MessageHeader header, in RegionAccess access, int replyBytes, int place)
    {
        ref var entry = ref _entries[_free[--_freeCount]];
        entry.IsUsed = true;
        entry.Header = header;
        entry.Access = access;
        entry.ReplyBytes = replyBytes;
        entry.Place = place;
        ReplyBytes += replyBytes;
    }

    /// <summary>Takes a request out that has ended.</summary>
    /// <returns>False: it is of a former client, to whom nothing is owed.</returns>
    public bool TryEnd(ulong token, out MessageHeader header, out RegionAccess access, out int place)
    {
        if ((uint)(token >> 32) != _client)
        {
            header = default;
            access = default;
            place = 0;
            return false;
        }

        var index = (int)(token & 0xFFFF);
        Check.That(index < _entries.Length && _entries[index].IsUsed && TokenOf(index) == token);
        ref var entry = ref _entries[index];
        header = entry.Header;
        access = entry.Access;
        place = entry.Place;
        ReplyBytes -= entry.ReplyBytes;
        entry.IsUsed = false;
        entry.Use++;
        _free[_freeCount++] = index;
        return true;
    }

    private ulong TokenOf(int place) => ((ulong)_client << 32) | ((ulong)_entries[place].Use << 16) | (uint)place;

    private struct Entry
    {
        public bool IsUsed;
        public ushort Use;
        public MessageHeader Header;
        public RegionAccess Access;
        public int ReplyBytes;
        public int Place;
    }
}
