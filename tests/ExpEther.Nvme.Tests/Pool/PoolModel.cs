using System.Buffers.Binary;
using ExpEther.Nvme.Backends;
using ExpEther.Nvme.Pool;

namespace ExpEther.Nvme.Tests.Pool;

/// <summary>
/// A pool on a disk that crashes and fails, beside what must be true of it. Each namespace knows of a few of its blocks what was last written
/// and flushed there; any other block of it reads as zeroes, or as something that this namespace itself was given.
/// </summary>
internal sealed class PoolModel
{
    private const int BlockBytes = 512;
    private const int ChunkBlocks = PoolLimits.ChunkBytes / BlockBytes;
    private readonly SeededRandom _random;
    private readonly CrashDisk _disk;
    private readonly Dictionary<Guid, Expected> _expected = [];
    private NamespacePool _pool;
    private ulong _seed;
    private byte _owner;

    public PoolModel(ulong seed)
    {
        _random = new SeededRandom(seed);
        _seed = seed << 32;
        // Room for so many namespaces that their metadata are more than one block, which alone would be written whole or not at all.
        _disk = new CrashDisk(PoolLimits.DataOffset + (20 * PoolLimits.ChunkBytes), new SeededRandom(seed + 1000))
        {
            DeallocatedReadsZeroes = seed % 3 != 0, DepthMax = 1 + (int)(seed % 5),
        };
        _pool = Reopen();
    }

    public void Run(int steps)
    {
        for (var i = 0; i < steps; i++)
        {
            // Power or the media fail within the next requests, or not.
            var fate = _random.Next(3);
            _disk.PowerEndsAfter = fate == 0 ? _disk.Done + 1 + _random.Next(12) : int.MaxValue;
            _disk.FailsAt = fate == 1 ? _disk.Done + _random.Next(8) : -1;
            Step();
            _disk.FailsAt = -1;
            if (!_disk.HasPower)
            {
                _disk.Crash();
                Rot();
                _pool = Reopen();
                Verify();
                Settle();
            }
            else
            {
                Verify();
            }
        }
    }

    /// <summary>One of two whole copies of the metadata gets a wrong bit, or is not there any more.</summary>
    private void Rot()
    {
        var copies = Enumerable.Range(0, 2).Select(each => _disk.Seen.Slice(each * PoolLimits.MetadataBytes, PoolLimits.MetadataBytes).ToArray()).ToArray();
        if (_random.Chance(0.3) || copies.Any(each => PoolImage.Read(each.ToArray()) is null))
        {
            return;
        }

        var victim = _random.Next(2);
        if (_random.Chance(0.2))
        {
            _disk.Put(victim * PoolLimits.MetadataBytes, new byte[PoolLimits.MetadataBytes]);
        }
        else
        {
            var bytes = BinaryPrimitives.ReadInt32LittleEndian(copies[victim].AsSpan(16));
            _disk.Flip((victim * PoolLimits.MetadataBytes * 8) + _random.Next(bytes * 8));
        }
    }

    private void Step()
    {
        var namespaces = _pool.Namespaces;
        var target = namespaces.Count > 0 ? namespaces[_random.Next(namespaces.Count)] : null;
        switch (_random.Next(7))
        {
            case 0 when target is not null:
                Write(target);
                break;
            case 1 when target is not null:
                Resize(target);
                break;
            case 2 when target is not null:
                Delete(target);
                break;
            default:
                CreateOne();
                break;
        }
    }

    private void CreateOne()
    {
        if (_pool.StartCreate((ulong)(1 + _random.Next(ChunkBlocks + 200)), false) != PoolRefusal.None)
        {
            return;
        }

        Finish();
        if (_pool is { State: PoolState.Ready, Created: { } created })
        {
            _expected.Add(created.Uuid, new Expected { Owner = NextOwner() });
            Settle();
        }
    }

    private void Delete(PoolNamespace target)
    {
        _pool.StartDelete(target);
        Finish();
        if (_pool.State == PoolState.Ready && _pool.LastError == 0)
        {
            Assert.True(_expected.Remove(target.Uuid));
            Settle();
        }
        else
        {
            // Told that it may have failed: nobody uses it, it may or may not be back.
            _expected[target.Uuid].MayBeGone = true;
        }
    }

    private void Resize(PoolNamespace target)
    {
        var expected = _expected[target.Uuid];
        var blocks = 1 + _random.Next(2 * ChunkBlocks);
        if (_pool.StartResize(target, (ulong)blocks) != PoolRefusal.None)
        {
            return;
        }

        // Not told yet: the one or the other, and what would be cut off may be.
        expected.Lengths.Add(blocks);
        foreach (var beyond in expected.Written.Keys.Where(at => at >= blocks).ToArray())
        {
            expected.Written.Remove(beyond);
        }

        Finish();
        if (_pool.State == PoolState.Ready && _pool.LastError == 0)
        {
            Assert.Equal((long)blocks * BlockBytes, target.LengthBytes);
            Settle();
        }
    }

    /// <summary>What the pool has in hand is durable now: no other length can come back.</summary>
    private void Settle()
    {
        foreach (var each in _pool.Namespaces)
        {
            if (_expected.TryGetValue(each.Uuid, out var expected))
            {
                expected.Lengths.Clear();
                expected.Lengths.Add((int)(each.LengthBytes / BlockBytes));
            }
        }
    }

    /// <summary>Writes a block and flushes it; only when both went well it must be there.</summary>
    private void Write(PoolNamespace target)
    {
        var expected = _expected[target.Uuid];
        var at = _random.Next((int)(target.LengthBytes / BlockBytes));
        var buffer = new byte[BlockBytes];
        buffer.AsSpan().Fill(expected.Owner);
        var version = ++expected.Version;
        buffer[0] = (byte)version;
        expected.Written.Remove(at);
        if (Do(target, BlockOperation.Write, (long)at * BlockBytes, buffer) && Do(target, BlockOperation.Flush, 0, null))
        {
            expected.Written[at] = (byte)version;
        }
    }

    private bool Do(PoolNamespace target, BlockOperation operation, long offset, byte[]? buffer)
    {
        while (!target.TrySubmit(new BlockRequest(operation, offset, buffer?.Length ?? 0, buffer, 1)))
        {
            if (!_disk.HasPower)
            {
                return false;
            }

            _pool.Poll();
        }

        BlockCompletion completion;
        while (!target.TryTakeCompletion(out completion))
        {
            if (!_disk.HasPower)
            {
                return false;
            }
        }

        return completion.Error == 0;
    }

    private void Finish()
    {
        while (_pool.State == PoolState.Busy && (_pool.Poll() || _disk.HasPower))
        {
        }
    }

    private NamespacePool Reopen()
    {
        var pool = new NamespacePool(_disk, new SeededRandom(++_seed));
        while (pool.State == PoolState.Opening)
        {
            pool.Poll();
        }

        Assert.True(pool.State == PoolState.Ready, pool.Problem);
        return pool;
    }

    private void Verify()
    {
        var found = _pool.Namespaces.ToDictionary(each => each.Uuid);
        foreach (var (uuid, expected) in _expected.ToArray())
        {
            if (found.ContainsKey(uuid))
            {
                continue;
            }

            // It may come back: the metadata that have it may be the newest durable ones until the next write.
            Assert.True(expected.MayBeGone, "a namespace is lost");
        }

        foreach (var (uuid, target) in found)
        {
            if (!_expected.TryGetValue(uuid, out var expected))
            {
                // Its creation was not told to have gone well.
                expected = new Expected { Owner = NextOwner(), Lengths = { (int)(target.LengthBytes / BlockBytes) } };
                _expected.Add(uuid, expected);
            }

            var blocks = (int)(target.LengthBytes / BlockBytes);
            Assert.Contains(blocks, expected.Lengths);
            Look(target, expected, blocks);
        }

        Assert.True(_pool.FreeBytes <= _pool.TotalBytes - _pool.Namespaces.Sum(each => each.AllocatedBytes));
    }

    private void Look(PoolNamespace target, Expected expected, int blocks)
    {
        for (var at = 0; at < blocks; at++)
        {
            var place = target.Locate((long)at * BlockBytes, out _);
            var block = _disk.Seen.Slice((int)place, BlockBytes);
            if (expected.Written.TryGetValue(at, out var version))
            {
                Assert.Equal(version, block[0]);
                Assert.False(block[1..].ContainsAnyExcept(expected.Owner));
            }
            else
            {
                Assert.False(block[1..].ContainsAnyExcept(expected.Owner, (byte)0), "another owner's data");
            }
        }
    }

    private byte NextOwner()
    {
        _owner = (byte)(_owner == 255 ? 1 : _owner + 1);
        return _owner;
    }

    private sealed class Expected
    {
        /// <summary>How many blocks it may have: more than one number after a resize that did not end well.</summary>
        public HashSet<int> Lengths { get; } = [];

        /// <summary>What fills its blocks.</summary>
        public byte Owner { get; init; }

        public bool MayBeGone { get; set; }

        public int Version { get; set; }

        public Dictionary<int, byte> Written { get; } = [];
    }
}
