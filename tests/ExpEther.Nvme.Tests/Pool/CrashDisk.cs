using ExpEther.Nvme.Backends;

namespace ExpEther.Nvme.Tests.Pool;

/// <summary>
/// A disk with a volatile cache whose power goes at a chosen request: of what was not flushed, block by block, some is there afterwards and
/// some is not. Requests are carried out when they are taken, in any order; an error can be had at a chosen one.
/// </summary>
internal sealed class CrashDisk(int bytes, SeededRandom random, int blockBytes = 512) : IBlockBackend
{
    private readonly byte[] _durable = new byte[bytes];
    private readonly byte[] _seen = new byte[bytes];
    private readonly HashSet<int> _dirty = [];
    private readonly List<BlockRequest> _waiting = [];

    public long LengthBytes => bytes;

    public int BlockBytes => blockBytes;

    public bool IsReadOnly => false;

    public bool DeallocatedReadsZeroes { get; set; } = true;

    public int WriteGranularityBytes => blockBytes;

    public int DeallocateGranularityBytes => blockBytes;

    /// <summary>Requests that were carried out.</summary>
    public int Done { get; private set; }

    /// <summary>After so many requests there is no power; what is under way then is done in part.</summary>
    public int PowerEndsAfter { get; set; } = int.MaxValue;

    /// <summary>The request, counted by <see cref="Done"/>, that fails half done.</summary>
    public int FailsAt { get; set; } = -1;

    public bool HasPower => Done < PowerEndsAfter;

    public int DepthMax { get; set; } = 4;

    public ReadOnlySpan<byte> Seen => _seen;

    public bool TrySubmit(in BlockRequest request)
    {
        if (!HasPower || _waiting.Count >= DepthMax)
        {
            return false;
        }

        Assert.True(request.OffsetBytes >= 0 && request.OffsetBytes + request.Bytes <= bytes);
        Assert.Equal(0, request.OffsetBytes % blockBytes);
        Assert.Equal(0, request.Bytes % blockBytes);
        _waiting.Add(request);
        return true;
    }

    public bool TryTakeCompletion(out BlockCompletion completion)
    {
        completion = default;
        if (_waiting.Count == 0 || !HasPower)
        {
            return false;
        }

        var index = random.Next(_waiting.Count);
        var request = _waiting[index];
        _waiting.RemoveAt(index);
        var fails = Done == FailsAt;
        CarryOut(request, fails ? 0.5 : 1);
        Done++;
        completion = new BlockCompletion(request.Cookie, fails ? 5 : 0);
        return true;
    }

    /// <summary>The power goes, and comes again.</summary>
    public void Crash()
    {
        foreach (var request in _waiting)
        {
            if (request.Operation is not (BlockOperation.Read or BlockOperation.Flush))
            {
                CarryOut(request, 0.5);
            }
        }

        _waiting.Clear();
        foreach (var block in _dirty.Order())
        {
            if (random.Chance(0.5))
            {
                Block(_seen, block).CopyTo(Block(_durable, block));
            }
        }

        _dirty.Clear();
        _durable.CopyTo(_seen, 0);
        PowerEndsAfter = int.MaxValue;
        FailsAt = -1;
    }

    /// <summary>The medium changes a bit by itself.</summary>
    public void Flip(int bit)
    {
        _seen[bit / 8] ^= (byte)(1 << (bit % 8));
        _durable[bit / 8] = _seen[bit / 8];
    }

    /// <summary>What is durable is this from now on.</summary>
    public void Put(int at, ReadOnlySpan<byte> content)
    {
        content.CopyTo(_seen.AsSpan(at));
        content.CopyTo(_durable.AsSpan(at));
    }

    private void CarryOut(in BlockRequest request, double chance)
    {
        if (request.Operation == BlockOperation.Flush)
        {
            foreach (var block in _dirty.Order().ToArray())
            {
                if (chance >= 1 || random.Chance(chance))
                {
                    Block(_seen, block).CopyTo(Block(_durable, block));
                    _dirty.Remove(block);
                }
            }

            return;
        }

        for (var at = 0; at < request.Bytes; at += blockBytes)
        {
            var block = (int)((request.OffsetBytes + at) / blockBytes);
            if (request.Operation == BlockOperation.Read)
            {
                Block(_seen, block).CopyTo(request.Buffer.Span[at..]);
                continue;
            }

            var deallocates = request.Operation == BlockOperation.Deallocate;
            if ((chance < 1 || (deallocates && !DeallocatedReadsZeroes)) && !random.Chance(0.5))
            {
                continue;
            }

            if (request.Operation == BlockOperation.Write)
            {
                request.Buffer.Span.Slice(at, blockBytes).CopyTo(Block(_seen, block));
            }
            else
            {
                Block(_seen, block).Clear();
            }

            _dirty.Add(block);
        }
    }

    private Span<byte> Block(byte[] of, int block) => of.AsSpan(block * blockBytes, blockBytes);
}
