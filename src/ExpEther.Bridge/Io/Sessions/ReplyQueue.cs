using ExpEther.Link;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Bridge.Io.Sessions;

/// <summary>Completions and messages made by the I/O bridge itself that wait for room on a host's link. A ring of small entries, allocated once.</summary>
internal sealed class ReplyQueue
{
    private readonly Entry[] _entries = new Entry[IoBridgeLimits.RepliesPerHostMax];
    private readonly byte[] _bytes = new byte[IoBridgeLimits.RepliesPerHostMax * IoBridgeLimits.ReplyBytesMax];
    private int _head;
    private int _count;

    /// <summary>Replies lost because a host has more requests outstanding than it may.</summary>
    public long Dropped { get; private set; }

    public void Add(EtherLink link, ushort function, ulong generation, TlpClass c, ReadOnlySpan<byte> tlp)
    {
        Check.That(tlp.Length <= IoBridgeLimits.ReplyBytesMax);
        if (_count == 0 && link.HasRoom(c) && link.TrySendTlp(function, generation, c, tlp))
        {
            return;
        }

        if (_count == _entries.Length)
        {
            Dropped++;
            return;
        }

        var at = (_head + _count++) % _entries.Length;
        _entries[at] = new Entry(function, generation, c, tlp.Length);
        tlp.CopyTo(_bytes.AsSpan(at * IoBridgeLimits.ReplyBytesMax));
    }

    /// <returns>True when something went.</returns>
    public bool Flush(EtherLink link)
    {
        var moved = false;
        while (_count > 0)
        {
            var entry = _entries[_head];
            if (!link.HasRoom(entry.Class)
                || !link.TrySendTlp(entry.Function, entry.Generation, entry.Class, _bytes.AsSpan(_head * IoBridgeLimits.ReplyBytesMax, entry.Length)))
            {
                break;
            }

            _head = (_head + 1) % _entries.Length;
            _count--;
            moved = true;
        }

        return moved;
    }

    public void Clear() => _count = 0;

    private readonly record struct Entry(ushort Function, ulong Generation, TlpClass Class, int Length);
}
