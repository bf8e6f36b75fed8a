using ExpEther.Core.Time;
using ExpEther.Nvme.Backends;

namespace ExpEther.Simulation.Storage;

/// <summary>
/// A disk with a volatile write cache, in virtual time: requests take their time and end out of order, a flush makes durable what was
/// written before it, and a crash loses cached blocks one by one as the seed has it. Deallocated blocks are zeroes in its cache, and where it
/// promises nothing of them some stay as they were. Its media may fail: a read then gives nothing, a write or deallocation reaches some of
/// its blocks, a flush makes some durable. It outlives the box around it.
/// </summary>
internal sealed class SimDisk
{
    private const int IoError = 5;

    private readonly byte[] _stable;
    private readonly byte[] _seen;
    private readonly byte[] _zeroes = new byte[SimulationLimits.BlockBytes];
    private readonly bool[] _dirty;
    private readonly PriorityQueue<BlockRequest, (long At, long Order)> _requests = new();
    private readonly SeededRandom _random;
    private readonly SeededRandom _media;
    private readonly Action<string> _onFault;
    private long _order;

    // Every dirty block is among these.
    private int _dirtyFrom;
    private int _dirtyTo;

    /// <param name="name">Of the device that it is behind, where it is the only one there.</param>
    /// <param name="blocks">Its size.</param>
    /// <param name="random">How long requests take, and what a crash loses.</param>
    /// <param name="media">What the media do.</param>
    /// <param name="onFault">Told of each failure.</param>
    public SimDisk(string name, int blocks, SeededRandom random, SeededRandom media, Action<string> onFault)
    {
        (Name, _random, _media, _onFault) = (name, random, media, onFault);
        _stable = new byte[blocks * SimulationLimits.BlockBytes];
        _seen = new byte[blocks * SimulationLimits.BlockBytes];
        _dirty = new bool[blocks];
        DeallocatedReadsZeroes = media.Chance(0.7);
    }

    public string Name { get; }

    public long LengthBytes => _stable.Length;

    public bool DeallocatedReadsZeroes { get; }

    /// <summary>Chance of a request to fail.</summary>
    public double MediaErrors { get; set; }

    public Instant Now { get; set; }

    /// <summary>Chance of a request to take milliseconds instead of microseconds.</summary>
    public double Slowness { get; set; }

    /// <summary>What would be there after a crash that loses all that is cached.</summary>
    public ReadOnlySpan<byte> Stable => _stable;

    /// <summary>What a reader sees.</summary>
    public ReadOnlySpan<byte> Seen => _seen;

    public Instant? NextDeadline => _requests.TryPeek(out _, out var next) ? new Instant(next.At) : null;

    public void Load(int block, ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_stable.AsSpan(block * SimulationLimits.BlockBytes));
        bytes.CopyTo(_seen.AsSpan(block * SimulationLimits.BlockBytes));
    }

    public bool TrySubmit(in BlockRequest request)
    {
        if (_requests.Count >= 64)
        {
            return false;
        }

        var microseconds = _random.Chance(Slowness) ? 1000 + _random.Next(200_000) : 10 + _random.Next(150);
        _requests.Enqueue(request, ((Now + TimeSpan.FromMicroseconds(microseconds)).Nanoseconds, _order++));
        return true;
    }

    public bool TryTakeCompletion(out BlockCompletion completion)
    {
        if (!_requests.TryPeek(out var request, out var next) || next.At > Now.Nanoseconds)
        {
            completion = default;
            return false;
        }

        _requests.Dequeue();
        var fails = _media.Chance(MediaErrors);
        if (fails)
        {
            _onFault(request.Operation == BlockOperation.Read ? "unrecoveredRead" : "writeFault");
        }

        Execute(request, fails);
        completion = new BlockCompletion(request.Cookie, fails ? IoError : 0);
        return true;
    }

    /// <summary>The box's process is gone, the machine is not: requests in hand are done in part, the cache keeps what it has.</summary>
    public void Kill()
    {
        while (_requests.TryDequeue(out var request, out _))
        {
            if (request.Operation is not (BlockOperation.Read or BlockOperation.Flush))
            {
                Change(request, _random, 0.5);
            }
        }
    }

    /// <summary>The box lost power: requests in hand are done in part, cached blocks are kept or lost.</summary>
    public void Crash()
    {
        Kill();
        for (var block = _dirtyFrom; block < _dirtyTo; block++)
        {
            if (_dirty[block] && _random.Chance(0.5))
            {
                MakeDurable(block);
            }
            else if (_dirty[block])
            {
                Lose(block);
            }
        }

        _dirtyFrom = _dirtyTo = 0;
    }

    /// <summary>The medium changes a bit by itself.</summary>
    public void Flip(long bit)
    {
        _stable[bit / 8] ^= (byte)(1 << (int)(bit % 8));
        _seen[bit / 8] = _stable[bit / 8];
    }

    private void Execute(in BlockRequest request, bool fails)
    {
        switch (request.Operation)
        {
            case BlockOperation.Read when fails:
                break;
            case BlockOperation.Read:
                _seen.AsSpan((int)request.OffsetBytes, request.Bytes).CopyTo(request.Buffer.Span);
                break;
            case BlockOperation.Flush:
                Flush(fails);
                break;
            case BlockOperation.Deallocate when !DeallocatedReadsZeroes:
                Change(request, _media, 0.5);
                break;
            default:
                Change(request, _media, fails ? 0.5 : 1);
                break;
        }
    }

    private void Flush(bool fails)
    {
        for (var each = _dirtyFrom; each < _dirtyTo; each++)
        {
            if (_dirty[each] && (!fails || _media.Chance(0.5)))
            {
                MakeDurable(each);
            }
        }

        _dirtyTo = fails ? _dirtyTo : _dirtyFrom;
    }

    /// <summary>Writes, zeroes or deallocates each block with a chance.</summary>
    private void Change(in BlockRequest request, SeededRandom random, double chance)
    {
        for (var at = 0; at < request.Bytes; at += SimulationLimits.BlockBytes)
        {
            if (chance >= 1 || random.Chance(chance))
            {
                var block = (int)((request.OffsetBytes + at) / SimulationLimits.BlockBytes);
                Write(block, request.Operation == BlockOperation.Write ? request.Buffer.Span.Slice(at, SimulationLimits.BlockBytes) : _zeroes);
            }
        }
    }

    private void Write(int block, ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_seen.AsSpan(block * SimulationLimits.BlockBytes));
        (_dirtyFrom, _dirtyTo) = _dirtyFrom == _dirtyTo ? (block, block + 1) : (Math.Min(_dirtyFrom, block), Math.Max(_dirtyTo, block + 1));
        _dirty[block] = true;
    }

    private void MakeDurable(int block)
    {
        _seen.AsSpan(block * SimulationLimits.BlockBytes, SimulationLimits.BlockBytes).CopyTo(_stable.AsSpan(block * SimulationLimits.BlockBytes));
        _dirty[block] = false;
    }

    private void Lose(int block)
    {
        _stable.AsSpan(block * SimulationLimits.BlockBytes, SimulationLimits.BlockBytes).CopyTo(_seen.AsSpan(block * SimulationLimits.BlockBytes));
        _dirty[block] = false;
    }
}
