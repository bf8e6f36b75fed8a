using ExpEther.Nvme.Backends;

namespace ExpEther.Nvme.Pool;

/// <summary>A namespace of a <see cref="NamespacePool"/>: the chunks it is made of, seen as one backend.</summary>
internal sealed class PoolNamespace : IBlockBackend
{
    private readonly NamespacePool _pool;
    private readonly List<Extent> _extents;

    // Chunks of the namespace in front of each extent.
    private readonly List<uint> _starts = [];

    public PoolNamespace(NamespacePool pool, PoolRecord record)
    {
        (Id, IsShared, Uuid, LengthBytes) = (record.Id, record.IsShared, record.Uuid, record.LengthBytes);
        _pool = pool;
        _extents = [];
        foreach (var each in record.Extents)
        {
            Append(each);
        }

        Follow();
    }

    /// <summary>NSID.</summary>
    public uint Id { get; }

    public bool IsShared { get; }

    public Guid Uuid { get; }

    public long LengthBytes { get; private set; }

    /// <summary>What it takes of the pool.</summary>
    public long AllocatedBytes => (long)Chunks * PoolLimits.ChunkBytes;

    public uint Chunks { get; private set; }

    public IReadOnlyList<Extent> Extents => _extents;

    public int BlockBytes => _pool.Base.BlockBytes;

    public bool IsReadOnly => _pool.Base.IsReadOnly;

    public bool DeallocatedReadsZeroes => _pool.Base.DeallocatedReadsZeroes;

    public int WriteGranularityBytes => _pool.Base.WriteGranularityBytes;

    public int DeallocateGranularityBytes => _pool.Base.DeallocateGranularityBytes;

    /// <summary>Requests under way.</summary>
    public int InFlight { get; set; }

    /// <summary>Takes no requests for now: its length is about to change.</summary>
    public bool IsHeld { get; set; }

    public bool TrySubmit(in BlockRequest request) => _pool.TrySubmit(this, request);

    /// <inheritdoc/>
    public bool TryTakeCompletion(out BlockCompletion completion)
    {
        _pool.Poll();
        return _pool.TryTakeCompletionOf(this, out completion);
    }

    /// <summary>Where a byte is in the pool's backend, and how many follow it there without a gap.</summary>
    public long Locate(long offset, out long contiguous)
    {
        var chunk = (uint)(offset / PoolLimits.ChunkBytes);
        var index = _starts.BinarySearch(chunk);
        index = index < 0 ? ~index - 1 : index;
        var extent = _extents[index];
        var inExtent = offset - ((long)_starts[index] * PoolLimits.ChunkBytes);
        contiguous = ((long)extent.Count * PoolLimits.ChunkBytes) - inExtent;
        return PoolLimits.DataOffset + ((long)extent.Start * PoolLimits.ChunkBytes) + inExtent;
    }

    public PoolRecord Record() => new(Id, IsShared, Uuid, LengthBytes, [.. _extents]);

    /// <summary>Becomes longer.</summary>
    public void Grow(long lengthBytes, IEnumerable<Extent> more)
    {
        LengthBytes = lengthBytes;
        foreach (var each in more)
        {
            Append(each);
        }

        Follow();
    }

    /// <summary>Becomes shorter.</summary>
    /// <returns>The chunks it has no more.</returns>
    public List<Extent> Shrink(long lengthBytes)
    {
        LengthBytes = lengthBytes;
        var surplus = Chunks - NamespacePool.ChunksOf(lengthBytes);
        var freed = new List<Extent>();
        while (surplus > 0)
        {
            var last = _extents[^1];
            var taken = Math.Min(surplus, last.Count);
            freed.Add(new Extent(last.End - taken, taken));
            _extents.RemoveAt(_extents.Count - 1);
            if (taken < last.Count)
            {
                _extents.Add(last with { Count = last.Count - taken });
            }

            surplus -= taken;
        }

        Follow();
        return freed;
    }

    /// <summary>Extents that touch are one: a request across them stays whole, and the table of them short.</summary>
    private void Append(Extent next)
    {
        if (_extents.Count > 0 && _extents[^1].End == next.Start)
        {
            _extents[^1] = _extents[^1] with { Count = _extents[^1].Count + next.Count };
        }
        else
        {
            _extents.Add(next);
        }
    }

    private void Follow()
    {
        _starts.Clear();
        Chunks = 0;
        foreach (var each in _extents)
        {
            _starts.Add(Chunks);
            Chunks += each.Count;
        }
    }
}
