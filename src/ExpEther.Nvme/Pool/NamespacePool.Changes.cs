namespace ExpEther.Nvme.Pool;

/// <content>How a change begins: what it allocates, and what the metadata are to say.</content>
public sealed partial class NamespacePool
{
    /// <summary>Takes what the metadata say now for all there is, and makes both copies say so.</summary>
    internal void StartRewriting()
    {
        Begin(null);
        Go(PoolPhase.Write);
    }

    /// <summary>Begins to create a namespace.</summary>
    internal PoolRefusal StartCreate(ulong blocks, bool isShared)
    {
        Begin(null);
        if (Doubt.Length > 0)
        {
            return PoolRefusal.InDoubt;
        }

        var id = FreeId();
        if (id == 0)
        {
            return PoolRefusal.NoIdentifier;
        }

        if (!TryAllocate(blocks, 0, uint.MaxValue, out var bytes))
        {
            return PoolRefusal.NoCapacity;
        }

        foreach (var each in _allocated)
        {
            _work.AddChunks(each);
        }

        _candidate = new PoolRecord(id, isShared, NewUuid(), bytes, _allocated);
        Go(PoolPhase.Zero);
        return PoolRefusal.None;
    }

    /// <summary>Begins to delete a namespace of which nobody wants anything any more; it is gone at once.</summary>
    internal void StartDelete(PoolNamespace target)
    {
        Check.That(target.InFlight == 0 && Doubt.Length == 0);
        Begin(null);
        _namespaces.Remove(target);
        _limbo.AddRange(target.Extents);
        Go(PoolPhase.Write);
    }

    /// <summary>Begins to make a namespace longer or shorter.</summary>
    internal PoolRefusal StartResize(PoolNamespace target, ulong blocks)
    {
        Begin(target);
        if (Doubt.Length > 0)
        {
            return PoolRefusal.InDoubt;
        }

        var before = target.LengthBytes;
        var after = target.Extents.Count > 0 ? target.Extents[^1].End : uint.MaxValue;
        if (!TryAllocate(blocks, target.Chunks, after, out var bytes))
        {
            return PoolRefusal.NoCapacity;
        }

        if (bytes == before)
        {
            return PoolRefusal.None;
        }

        if (bytes < before)
        {
            target.IsHeld = true;
            _candidate = new PoolRecord(target.Id, target.IsShared, target.Uuid, bytes, []);
            Go(PoolPhase.Drain);
            return PoolRefusal.None;
        }

        // The rest of the last chunk may hold what was there before the namespace became shorter.
        var inLast = Math.Min(bytes, (long)target.Chunks * PoolLimits.ChunkBytes) - before;
        _work.AddRange(inLast > 0 ? target.Locate(before, out _) : 0, inLast);
        foreach (var each in _allocated)
        {
            _work.AddChunks(each);
        }

        _candidate = new PoolRecord(target.Id, target.IsShared, target.Uuid, bytes, [.. target.Extents, .. _allocated]);
        Go(PoolPhase.Zero);
        return PoolRefusal.None;
    }

    private void Begin(PoolNamespace? target)
    {
        Check.That(State == PoolState.Ready && _phase == PoolPhase.None);
        LastError = 0;
        Created = null;
        _target = target;
        _work.ClearRanges();
    }

    private bool TryAllocate(ulong blocks, uint has, uint after, out long bytes)
    {
        bytes = 0;
        if (blocks > (ulong)(Base.LengthBytes / Base.BlockBytes))
        {
            return false;
        }

        bytes = (long)blocks * Base.BlockBytes;
        var chunks = ChunksOf(bytes);
        var extentsMax = PoolLimits.ExtentsMax - _namespaces.Sum(each => each.Extents.Count);
        return chunks <= has || _chunks.TryAllocate(chunks - has, after, extentsMax, _allocated);
    }

    private List<PoolRecord> Records()
    {
        var records = _namespaces.ConvertAll(each => each.Record());
        if (_candidate is { } candidate)
        {
            records.RemoveAll(each => each.Id == candidate.Id);
            records.Add(candidate);
        }

        return records;
    }

    private void Insert(PoolNamespace created)
    {
        var at = _namespaces.FindIndex(each => each.Id > created.Id);
        _namespaces.Insert(at < 0 ? _namespaces.Count : at, created);
    }

    private uint FreeId()
    {
        for (var id = PoolLimits.FirstNamespaceId; id <= PoolLimits.LastNamespaceId; id++)
        {
            if (!_namespaces.Exists(each => each.Id == id))
            {
                return id;
            }
        }

        return 0;
    }

    // RFC 9562, version 4.
    private Guid NewUuid()
    {
        Span<byte> bytes = stackalloc byte[16];
        _random.Fill(bytes);
        bytes[6] = (byte)((bytes[6] & 0x0F) | 0x40);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return new Guid(bytes, bigEndian: true);
    }
}
