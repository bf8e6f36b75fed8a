using System.Buffers.Binary;

namespace ExpEther.Pcie.Ports;

/// <summary>
/// A first-in-first-out queue of TLPs in one ring of bytes, each behind its length. It grows by doubling up to its limit and never
/// shrinks, so that a steady load allocates nothing.
/// </summary>
public sealed class TlpQueue(int bytesMax)
{
    private const int LengthBytes = 4;
    private const int BytesMin = 16 << 10;

    private byte[] _ring = new byte[Math.Min(BytesMin, bytesMax)];
    private int _head;
    private int _used;

    public int Count { get; private set; }

    /// <summary>Whether so many TLPs, so long together, fit.</summary>
    public bool HasRoom(int tlps, long bytes) => _used + ((long)tlps * LengthBytes) + bytes <= bytesMax;

    /// <returns>False: the limit is reached; nothing was queued.</returns>
    public bool TryEnqueue(ReadOnlySpan<byte> tlp)
    {
        var needed = LengthBytes + tlp.Length;
        while (_used + needed > _ring.Length)
        {
            if (_ring.Length >= bytesMax)
            {
                return false;
            }

            Grow();
        }

        Span<byte> length = stackalloc byte[LengthBytes];
        BinaryPrimitives.WriteInt32LittleEndian(length, tlp.Length);
        Append(length);
        Append(tlp);
        Count++;
        return true;
    }

    public bool TryDequeue(Span<byte> into, out int length)
    {
        length = 0;
        if (Count == 0)
        {
            return false;
        }

        Span<byte> coded = stackalloc byte[LengthBytes];
        Take(coded);
        length = BinaryPrimitives.ReadInt32LittleEndian(coded);
        Take(into[..length]);
        Count--;
        return true;
    }

    /// <summary>As <see cref="TryDequeue"/>, but leaves it there; see <see cref="Drop"/>.</summary>
    public bool TryPeek(Span<byte> into, out int length)
    {
        var (head, used, count) = (_head, _used, Count);
        var any = TryDequeue(into, out length);
        (_head, _used, Count) = (head, used, count);
        return any;
    }

    /// <summary>Removes the first one.</summary>
    public void Drop()
    {
        Span<byte> coded = stackalloc byte[LengthBytes];
        Take(coded);
        var length = BinaryPrimitives.ReadInt32LittleEndian(coded);
        _head = (_head + length) % _ring.Length;
        _used -= length;
        Count--;
    }

    public void Clear() => (_head, _used, Count) = (0, 0, 0);

    private void Append(ReadOnlySpan<byte> bytes)
    {
        var tail = (_head + _used) % _ring.Length;
        var first = Math.Min(bytes.Length, _ring.Length - tail);
        bytes[..first].CopyTo(_ring.AsSpan(tail));
        bytes[first..].CopyTo(_ring);
        _used += bytes.Length;
    }

    private void Take(Span<byte> into)
    {
        var first = Math.Min(into.Length, _ring.Length - _head);
        _ring.AsSpan(_head, first).CopyTo(into);
        _ring.AsSpan(0, into.Length - first).CopyTo(into[first..]);
        _head = (_head + into.Length) % _ring.Length;
        _used -= into.Length;
    }

    private void Grow()
    {
        var larger = new byte[Math.Min(_ring.Length * 2, bytesMax)];
        var first = Math.Min(_used, _ring.Length - _head);
        _ring.AsSpan(_head, first).CopyTo(larger);
        _ring.AsSpan(0, _used - first).CopyTo(larger.AsSpan(first));
        _ring = larger;
        _head = 0;
    }
}
