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
    public void Begin(in MessageHeader header, in RegionAccess access, int replyBytes)
    {
        ref var entry = ref _entries[_free[--_freeCount]];
        entry.IsUsed = true;
        entry.Header = header;
        entry.Access = access;
        entry.ReplyBytes = replyBytes;
        ReplyBytes += replyBytes;
    }

    /// <summary>Takes a request out that has ended.</summary>
    /// <returns>False: it is of a former client, to whom nothing is owed.</returns>
    public bool TryEnd(ulong token, out MessageHeader header, out RegionAccess access)
    {
        if ((uint)(token >> 32) != _client)
        {
            header = default;
            access = default;
            return false;
        }

        var place = (int)(token & 0xFFFF);
        Check.That(place < _entries.Length && _entries[place].IsUsed && TokenOf(place) == token);
        ref var entry = ref _entries[place];
        header = entry.Header;
        access = entry.Access;
        ReplyBytes -= entry.ReplyBytes;
        entry.IsUsed = false;
        entry.Use++;
        _free[_freeCount++] = place;
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
    }
}
