using ExpEther.Nvme.Backends;

namespace ExpEther.Nvme.Tests.Host;

/// <summary>A RAM backend that records what it was asked in order, can hold completions back, refuse, and fail.</summary>
internal sealed class RecordingBackend(int blocks, int blockBytes = 512) : IBlockBackend
{
    private readonly Queue<BlockRequest> _held = new(1024);
    private readonly Queue<BlockCompletion> _done = new(1024);

    public byte[] Data { get; } = new byte[blocks * blockBytes];

    public List<(BlockOperation Operation, long Offset, int Bytes)> Log { get; } = new(4096);

    public long LengthBytes => Data.Length;

    public int BlockBytes { get; } = blockBytes;

    public bool IsReadOnly { get; init; }

    public bool DeallocatedReadsZeroes { get; init; } = true;

    public int WriteGranularityBytes { get; init; } = blockBytes;

    public int DeallocateGranularityBytes { get; init; } = blockBytes;

    /// <summary>Requests in hand at once before it refuses.</summary>
    public int Depth { get; set; } = 1024;

    /// <summary>Requests are kept, not carried out, until <see cref="ReleaseAll"/>.</summary>
    public bool Holds { get; set; }

    /// <summary>errno for the operations named here.</summary>
    public Dictionary<BlockOperation, int> Errors { get; } = [];

    /// <summary>As a descriptor that stays readable until it is asked for completions.</summary>
    public bool WakesOwner { get; set; }

    public int HeldCount => _held.Count;

    public bool TrySubmit(in BlockRequest request)
    {
        if (_held.Count + _done.Count >= Depth)
        {
            return false;
        }

        Log.Add((request.Operation, request.OffsetBytes, request.Bytes));
        if (Holds)
        {
            _held.Enqueue(request);
        }
        else
        {
            CarryOut(request);
        }

        return true;
    }

    public bool TryTakeCompletion(out BlockCompletion completion)
    {
        WakesOwner = false;
        return _done.TryDequeue(out completion);
    }

    public void ReleaseOne() => CarryOut(_held.Dequeue());

    public void ReleaseAll()
    {
        while (_held.Count > 0)
        {
            ReleaseOne();
        }
    }

    private void CarryOut(in BlockRequest request)
    {
        Errors.TryGetValue(request.Operation, out var error);
        if (error == 0)
        {
            var range = Data.AsSpan((int)request.OffsetBytes, request.Bytes);
            switch (request.Operation)
            {
                case BlockOperation.Read:
                    range.CopyTo(request.Buffer.Span);
                    break;
                case BlockOperation.Write:
                    request.Buffer.Span[..request.Bytes].CopyTo(range);
                    break;
                case BlockOperation.WriteZeroes:
                case BlockOperation.Deallocate when DeallocatedReadsZeroes:
                    range.Clear();
                    break;
            }
        }

        _done.Enqueue(new BlockCompletion(request.Cookie, error));
    }
}
