using ExpEther.Core.Time;
using ExpEther.Nvme.Backends;

namespace ExpEther.Simulation.Storage;

/// <summary>
/// A disk with a volatile write cache, in virtual time: requests take their time and end out of order, a flush makes durable what was
/// written before it, and a crash loses cached blocks one by one as the seed has it. It outlives the box around it.
/// </summary>
internal sealed class SimDisk(int number, string name, SeededRandom random)
{
    private readonly byte[] _stable = new byte[SimulationLimits.DiskBlocks * SimulationLimits.BlockBytes];
    private readonly byte[] _seen = new byte[SimulationLimits.DiskBlocks * SimulationLimits.BlockBytes];
    private readonly bool[] _dirty = new bool[SimulationLimits.DiskBlocks];
    private readonly PriorityQueue<BlockRequest, (long At, long Order)> _requests = new();
    private long _order;

    public int Number { get; } = number;

    /// <summary>Device and function name, and serial number.</summary>
    public string Name { get; } = name;

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

        var microseconds = random.Chance(Slowness) ? 1000 + random.Next(200_000) : 10 + random.Next(150);
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
        Execute(request);
        completion = new BlockCompletion(request.Cookie, 0);
        return true;
    }

    /// <summary>The box lost power: requests in hand are done in part, cached blocks are kept or lost.</summary>
    public void Crash()
    {
        while (_requests.TryDequeue(out var request, out _))
        {
            if (request.Operation == BlockOperation.Write)
            {
                for (var at = 0; at < request.Bytes; at += SimulationLimits.BlockBytes)
                {
                    if (random.Chance(0.5))
                    {
                        Write((int)(request.OffsetBytes + at) / SimulationLimits.BlockBytes, request.Buffer.Span.Slice(at, SimulationLimits.BlockBytes));
                    }
                }
            }
        }

        for (var block = 0; block < _dirty.Length; block++)
        {
            if (_dirty[block] && random.Chance(0.5))
            {
                MakeDurable(block);
            }
        }

        _stable.CopyTo(_seen.AsSpan());
        Array.Clear(_dirty);
    }

    private void Execute(in BlockRequest request)
    {
        var block = (int)(request.OffsetBytes / SimulationLimits.BlockBytes);
        switch (request.Operation)
        {
            case BlockOperation.Read:
                _seen.AsSpan((int)request.OffsetBytes, request.Bytes).CopyTo(request.Buffer.Span);
                break;
            case BlockOperation.Write:
                for (var at = 0; at < request.Bytes; at += SimulationLimits.BlockBytes)
                {
                    Write(block++, request.Buffer.Span.Slice(at, SimulationLimits.BlockBytes));
                }

                break;
            case BlockOperation.WriteZeroes:
                for (var at = 0; at < request.Bytes; at += SimulationLimits.BlockBytes)
                {
                    Write(block++, new byte[SimulationLimits.BlockBytes]);
                }

                break;
            default:
                for (var each = 0; each < _dirty.Length; each++)
                {
                    MakeDurable(each);
                }

                break;
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
