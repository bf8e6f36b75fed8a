using System.Numerics;
using System.Runtime.InteropServices;

namespace ExpEther.Nvme.Controller.Dma;

/// <summary>
/// Pinned, 4 KiB aligned memory for data between host and backend, cut by the buddy scheme: blocks are 4 KiB times a power of two,
/// a free block's neighbour of the same size merges with it. No allocation from the runtime after <see cref="Prepare"/>.
/// </summary>
internal sealed class BufferPool
{
    public const int PageBytes = 4096;
    private const sbyte NotFree = -1;

    private byte[] _memory = [];
    private int _base;
    private readonly int _bytes;
    private readonly int _orderMax;
    private readonly int[] _next;
    private readonly int[] _previous;
    private readonly int[] _first;
    private readonly sbyte[] _freeOrder;
    private readonly sbyte[] _usedOrder;

    /// <param name="bytes">A power of two.</param>
    /// <param name="blockBytesMax">The largest block: a power of two, at most <paramref name="bytes"/>.</param>
    public BufferPool(int bytes, int blockBytesMax)
    {
        Check.That(BitOperations.IsPow2(bytes) && BitOperations.IsPow2(blockBytesMax));
        Check.That(blockBytesMax >= PageBytes && blockBytesMax <= bytes);
        _bytes = bytes;
        var pages = bytes / PageBytes;
        _orderMax = BitOperations.Log2((uint)(blockBytesMax / PageBytes));
        _next = new int[pages];
        _previous = new int[pages];
        _freeOrder = new sbyte[pages];
        _usedOrder = new sbyte[pages];
        _first = new int[_orderMax + 1];
        Array.Fill(_first, -1);
        Array.Fill(_freeOrder, NotFree);
        for (var page = pages - (1 << _orderMax); page >= 0; page -= 1 << _orderMax)
        {
            Insert(page, _orderMax);
        }

        FreeBytes = bytes;
    }

    public int FreeBytes { get; private set; }

    /// <summary>Gets the memory, once: before the first use of what was allocated.</summary>
    public void Prepare()
    {
        if (_memory.Length == 0)
        {
            _memory = GC.AllocateArray<byte>(_bytes + PageBytes, pinned: true);
            _base = (int)(-Marshal.UnsafeAddrOfPinnedArrayElement(_memory, 0) & (PageBytes - 1));
        }
    }

    /// <returns>False: no block of that size is free now.</returns>
    public bool TryAllocate(int bytes, out int offset)
    {
        var order = bytes <= PageBytes ? 0 : BitOperations.Log2((uint)(bytes - 1) / PageBytes) + 1;
        Check.That(order <= _orderMax);
        var found = order;
        while (found <= _orderMax && _first[found] < 0)
        {
            found++;
        }

        offset = 0;
        if (found > _orderMax)
        {
            return false;
        }

        var page = _first[found];
        Remove(page, found);
        while (found > order)
        {
            found--;
            Insert(page + (1 << found), found);
        }

        _usedOrder[page] = (sbyte)(order + 1);
        FreeBytes -= PageBytes << order;
        offset = page * PageBytes;
        return true;
    }

    public void Free(int offset)
    {
        var page = offset / PageBytes;
        var order = _usedOrder[page] - 1;
        Check.That(order >= 0);
        _usedOrder[page] = 0;
        FreeBytes += PageBytes << order;
        while (order < _orderMax)
        {
            var buddy = page ^ (1 << order);
            if (_freeOrder[buddy] != order)
            {
                break;
            }

            Remove(buddy, order);
            page &= ~(1 << order);
            order++;
        }

        Insert(page, order);
    }

    public Span<byte> Span(int offset, int bytes) => _memory.AsSpan(_base + offset, bytes);

    public Memory<byte> Memory(int offset, int bytes) => _memory.AsMemory(_base + offset, bytes);

    private void Insert(int page, int order)
    {
        _freeOrder[page] = (sbyte)order;
        _previous[page] = -1;
        _next[page] = _first[order];
        if (_first[order] >= 0)
        {
            _previous[_first[order]] = page;
        }

        _first[order] = page;
    }

    private void Remove(int page, int order)
    {
        _freeOrder[page] = NotFree;
        if (_previous[page] >= 0)
        {
            _next[_previous[page]] = _next[page];
        }
        else
        {
            _first[order] = _next[page];
        }

        if (_next[page] >= 0)
        {
            _previous[_next[page]] = _previous[page];
        }
    }
}
