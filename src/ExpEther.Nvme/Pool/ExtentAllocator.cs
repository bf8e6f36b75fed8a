namespace ExpEther.Nvme.Pool;

/// <summary>
/// Which chunks of a pool are free: extents in order of their start, of which no two touch. A request is served from the smallest extent
/// that has all of it, or else from the largest ones, so that namespaces are in few pieces.
/// </summary>
internal sealed class ExtentAllocator
{
    private readonly List<Extent> _free = [];

    /// <param name="chunks">All are free.</param>
    public ExtentAllocator(uint chunks)
    {
        if (chunks > 0)
        {
            _free.Add(new Extent(0, chunks));
        }

        Total = chunks;
        FreeChunks = chunks;
    }

    public uint Total { get; }

    public uint FreeChunks { get; private set; }

    /// <summary>Takes certain chunks, at the start of a pool's life.</summary>
    /// <returns>False: they are not all free.</returns>
    public bool TryTake(Extent wanted)
    {
        var at = _free.FindIndex(each => wanted.Start >= each.Start && (ulong)wanted.Start + wanted.Count <= each.End);
        if (at < 0 || wanted.Count == 0)
        {
            return false;
        }

        Cut(at, wanted);
        return true;
    }

    /// <summary>Takes as many chunks as are asked for, in at most <paramref name="extentsMax"/> pieces.</summary>
    /// <param name="count">How many.</param>
    /// <param name="after">Best if they begin here; uint.MaxValue: anywhere.</param>
    /// <param name="extentsMax">Pieces.</param>
    /// <param name="into">Where the pieces are added; unchanged when there is no room.</param>
    /// <returns>False: not enough is free, or only in too many pieces.</returns>
    public bool TryAllocate(uint count, uint after, int extentsMax, List<Extent> into)
    {
        var before = into.Count;
        if (count <= FreeChunks)
        {
            var left = count;
            var next = _free.FindIndex(each => each.Start == after);
            while (left > 0 && into.Count - before < extentsMax)
            {
                var at = next >= 0 ? next : Best(left);
                var piece = _free[at] with { Count = Math.Min(left, _free[at].Count) };
                Cut(at, piece);
                into.Add(piece);
                left -= piece.Count;
                next = -1;
            }

            if (left == 0)
            {
                return true;
            }
        }

        for (var i = into.Count - 1; i >= before; i--)
        {
            Free(into[i]);
        }

        into.RemoveRange(before, into.Count - before);
        return false;
    }

    /// <summary>Gives chunks back.</summary>
    public void Free(Extent extent)
    {
        var at = _free.FindIndex(each => each.Start > extent.Start);
        at = at < 0 ? _free.Count : at;
        Check.That((at == 0 || _free[at - 1].End <= extent.Start) && (at == _free.Count || extent.End <= _free[at].Start));
        Check.That(extent.Count > 0 && extent.End <= Total);
        FreeChunks += extent.Count;
        if (at < _free.Count && _free[at].Start == extent.End)
        {
            extent = extent with { Count = extent.Count + _free[at].Count };
            _free.RemoveAt(at);
        }

        if (at > 0 && _free[at - 1].End == extent.Start)
        {
            _free[at - 1] = _free[at - 1] with { Count = _free[at - 1].Count + extent.Count };
            return;
        }

        _free.Insert(at, extent);
    }

    // The smallest that is large enough, or the largest.
    private int Best(uint count)
    {
        var best = 0;
        for (var i = 1; i < _free.Count; i++)
        {
            var (has, had) = (_free[i].Count, _free[best].Count);
            if (has >= count ? had < count || has < had : has > had)
            {
                best = i;
            }
        }

        return best;
    }

    private void Cut(int at, Extent taken)
    {
        var from = _free[at];
        FreeChunks -= taken.Count;
        _free.RemoveAt(at);
        if (taken.End < from.End)
        {
            _free.Insert(at, new Extent(taken.End, from.End - taken.End));
        }

        if (from.Start < taken.Start)
        {
            _free.Insert(at, new Extent(from.Start, taken.Start - from.Start));
        }
    }
}
