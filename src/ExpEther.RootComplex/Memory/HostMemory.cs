using ExpEther.Pcie;

namespace ExpEther.RootComplex.Memory;

/// <summary>
/// The embedded host's memory: one pinned array at a chosen address. Devices reach only what <see cref="Allocate"/> handed out and
/// <see cref="Free"/> has not taken back, each range with the rights it was given.
/// <para>
/// Theory: allocation is first fit in whole 4 KB pages, so that a buffer never shares a page with another and rights are a byte per
/// page; a DMA access finds them by index. A page also knows its buffer's number, so that no access runs from one buffer into the next.
/// </para>
/// </summary>
public sealed class HostMemory : IHostMemory
{
    public const int PageBytes = 4096;

    private readonly byte[] _bytes;
    private readonly int _start;
    private readonly DmaRights[] _rights;
    private readonly int[] _owner;
    private readonly int[] _ownerPages;
    private readonly ulong _base;
    private int _nextPage;

    /// <param name="baseAddress">Where it starts; 4 KB aligned.</param>
    /// <param name="bytes">Its size; a multiple of 4 KB.</param>
    public HostMemory(ulong baseAddress, int bytes)
    {
        Check.That(baseAddress % PageBytes == 0 && bytes % PageBytes == 0 && bytes is > 0 and <= RootComplexLimits.MemoryBytesMax);
        _bytes = GC.AllocateArray<byte>(bytes + PageBytes, pinned: true);
        _start = AlignedStart(_bytes);
        _base = baseAddress;
        _rights = new DmaRights[bytes / PageBytes];
        _owner = new int[bytes / PageBytes];
        _ownerPages = new int[bytes / PageBytes];
    }

    public HostAddress Base => new(_base);

    public int Bytes => _rights.Length * PageBytes;

    /// <summary>Bytes in whole pages that are handed out.</summary>
    public long AllocatedBytes { get; private set; }

    /// <summary>DMA accesses that found no mapping or lacked the right.</summary>
    public long Refused { get; private set; }

    /// <summary>Allocates zeroed memory that devices may reach.</summary>
    /// <param name="bytes">More than 0.</param>
    /// <param name="align">A power of two; less than 4 KB is taken as 4 KB.</param>
    /// <param name="rights">What devices may do.</param>
    /// <param name="buffer">What was found.</param>
    /// <returns>False: no run of that length is free.</returns>
    public bool TryAllocate(int bytes, int align, DmaRights rights, out DmaBuffer buffer)
    {
        Check.That(bytes > 0 && align > 0 && (align & (align - 1)) == 0);
        var pages = (bytes + PageBytes - 1) / PageBytes;
        var page = Find(_nextPage, pages, align);
        if (page < 0)
        {
            page = Find(0, pages, align);
        }

        if (page < 0)
        {
            buffer = default;
            return false;
        }

        _rights.AsSpan(page, pages).Fill(rights);
        _owner.AsSpan(page, pages).Fill(page + 1);
        _ownerPages[page] = pages;
        _nextPage = page + pages;
        AllocatedBytes += (long)pages * PageBytes;
        PageSpan(page, pages).Clear();
        buffer = new DmaBuffer(new HostAddress(_base + ((ulong)page * PageBytes)), bytes);
        return true;
    }

    /// <summary>As <see cref="TryAllocate"/>, for a caller that sized the memory: running out is a mistake of the program.</summary>
    public DmaBuffer Allocate(int bytes, int align = PageBytes, DmaRights rights = DmaRights.ReadWrite)
    {
        Check.That(TryAllocate(bytes, align, rights, out var buffer));
        return buffer;
    }

    /// <summary>Unmaps and takes back what <see cref="Allocate"/> gave: from now on DMA to it is refused.</summary>
    public void Free(DmaBuffer buffer)
    {
        var page = PageOf(buffer.Address.Value);
        Check.That(page >= 0 && _owner[page] == page + 1 && buffer.Address.Value % PageBytes == 0);
        var pages = _ownerPages[page];
        _rights.AsSpan(page, pages).Clear();
        _owner.AsSpan(page, pages).Clear();
        _ownerPages[page] = 0;
        AllocatedBytes -= (long)pages * PageBytes;
    }

    /// <summary>The host's own view of a buffer.</summary>
    public Span<byte> SpanOf(DmaBuffer buffer)
    {
        Check.That(buffer.Address.Value >= _base && buffer.Address.Value - _base + (ulong)buffer.Bytes <= (ulong)Bytes);
        return _bytes.AsSpan(_start + (int)(buffer.Address.Value - _base), buffer.Bytes);
    }

    public Memory<byte> MemoryOf(DmaBuffer buffer)
    {
        Check.That(buffer.Address.Value >= _base && buffer.Address.Value - _base + (ulong)buffer.Bytes <= (ulong)Bytes);
        return _bytes.AsMemory(_start + (int)(buffer.Address.Value - _base), buffer.Bytes);
    }

    public bool TryGetSpan(HostAddress address, int bytes, DmaRights rights, out Span<byte> span)
    {
        span = default;
        var first = PageOf(address.Value);
        if (first < 0 || bytes < 0 || address.Value - _base + (ulong)bytes > (ulong)Bytes)
        {
            Refused++;
            return false;
        }

        var last = bytes == 0 ? first : PageOf(address.Value + (ulong)bytes - 1);
        // One buffer has one set of rights, so its two ends speak for all of it.
        if (_owner[first] == 0 || _owner[last] != _owner[first] || (_rights[first] & rights) != rights)
        {
            Refused++;
            return false;
        }

        span = _bytes.AsSpan(_start + (int)(address.Value - _base), bytes);
        return true;
    }

    private static unsafe int AlignedStart(byte[] bytes)
    {
        // SAFETY: the array is pinned for its whole life, so the address read here stays true.
        fixed (byte* p = bytes)
        {
            return (int)((PageBytes - ((nuint)p % PageBytes)) % PageBytes);
        }
    }

    private int PageOf(ulong address) => address < _base || address - _base >= (ulong)Bytes ? -1 : (int)((address - _base) / PageBytes);

    private Span<byte> PageSpan(int page, int pages) => _bytes.AsSpan(_start + (page * PageBytes), pages * PageBytes);

    private int Find(int from, int pages, int align)
    {
        var run = 0;
        for (var page = from; page < _owner.Length; page++)
        {
            if (_owner[page] != 0)
            {
                run = 0;
                page += _ownerPages[page] - 1;
                continue;
            }

            if (run == 0 && (_base + ((ulong)page * PageBytes)) % (ulong)Math.Max(align, PageBytes) != 0)
            {
                continue;
            }

            if (++run == pages)
            {
                return page - pages + 1;
            }
        }

        return -1;
    }
}
