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

    private readonly byte[] _stable = new byte[SimulationLimits.DiskBlocks * SimulationLimits.BlockBytes];
    private readonly byte[] _seen = new byte[SimulationLimits.DiskBlocks * SimulationLimits.BlockBytes];
    private readonly byte[] _zeroes = new byte[SimulationLimits.BlockBytes];
    private readonly bool[] _dirty = new bool[SimulationLimits.DiskBlocks];
    private readonly PriorityQueue<BlockRequest, (long At, long Order)> _requests = new();
    private readonly SeededRandom _random;
    private readonly SeededRandom _media;
    private readonly Action<string> _onFault;
    private long _order;

    /// <param name="number">Which of all disks.</param>
    /// <param name="name">Device and function name, and serial number.</param>
    /// <param name="random">How long requests take, and what a crash loses.</param>
    /// <param name="media">What the media do.</param>
    /// <param name="onFault">Told of each failure.</param>
    public SimDisk(int number, string name, SeededRandom random, SeededRandom media, Action<string> onFault)
    {
        (Number, Name, _random, _media, _onFault) = (number, name, random, media, onFault);
        DeallocatedReadsZeroes = media.Chance(0.7);
    }

    public int Number { get; }

    public string Name { get; }

    public bool DeallocatedReadsZeroes { get; }

    /// <summary>Chance of a request to fail.</summary>
    public double MediaErrors { get; set; }

    public Instant Now { get; set; }

    /// <summary>Chance of a request to take milliseconds instead of microseconds.</summary>
    public double Slowness { get; set; }

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

    /// <summary>The box lost power: requests in hand are done in part, cached blocks are kept or lost.</summary>
    public void Crash()
    {
        while (_requests.TryDequeue(out var request, out _))
        {
            if (request.Operation is not (BlockOperation.Read or BlockOperation.Flush))
            {
                Change(request, _random, 0.5);
            }
        }

        for (var block = 0; block < _dirty.Length; block++)
        {
            if (_dirty[block] && _random.Chance(0.5))
            {
                MakeDurable(block);
            }
        }

        _stable.CopyTo(_seen.AsSpan());
        Array.Clear(_dirty);
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
                for (var each = 0; each < _dirty.Length; each++)
                {
                    if (_dirty[each] && (!fails || _media.Chance(0.5)))
                    {
                        MakeDurable(each);
                    }
                }

                break;
            case BlockOperation.Deallocate when !DeallocatedReadsZeroes:
                Change(request, _media, 0.5);
                break;
            default:
                Change(request, _media, fails ? 0.5 : 1);
                break;
        }
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
        _dirty[block] = true;
    }

    private void MakeDurable(int block)
    {
        if (_dirty[block])
        {
            _seen.AsSpan(block * SimulationLimits.BlockBytes, SimulationLimits.BlockBytes).CopyTo(_stable.AsSpan(block * SimulationLimits.BlockBytes));
            _dirty[block] = false;
        }
    }
}
