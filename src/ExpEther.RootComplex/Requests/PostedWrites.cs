using System.Buffers.Binary;
using ExpEther.Pcie;
using ExpEther.Pcie.Tlp;

namespace ExpEther.RootComplex.Requests;

/// <summary>The CPU's posted writes that wait to leave, oldest first.</summary>
internal sealed class PostedWrites(Rid requester)
{
    private readonly Entry[] _ring = new Entry[RootComplexLimits.PostedWritesMax];
    private int _head;
    private int _count;

    public int Count => _count;

    /// <param name="address">Naturally aligned.</param>
    /// <param name="value">Its low bytes are written.</param>
    /// <param name="bytes">4 or 8.</param>
    public bool TryAdd(ulong address, ulong value, int bytes)
    {
        if (_count == _ring.Length)
        {
            return false;
        }

        _ring[(_head + _count) % _ring.Length] = new Entry(address, value, bytes);
        _count++;
        return true;
    }

    public bool TryTake(Span<byte> into, out int length)
    {
        length = 0;
        if (_count == 0)
        {
            return false;
        }

        ref readonly var entry = ref _ring[_head];
        _head = (_head + 1) % _ring.Length;
        _count--;
        Span<byte> data = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(data, entry.Value);
        length = new MemoryWrite(requester, entry.Address).Write(into, data[..entry.Bytes]);
        return true;
    }

    private readonly record struct Entry(ulong Address, ulong Value, int Bytes);
}
