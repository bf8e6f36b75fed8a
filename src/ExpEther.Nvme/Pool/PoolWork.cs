using System.Runtime.InteropServices;
using ExpEther.Nvme.Backends;

namespace ExpEther.Nvme.Pool;

/// <summary>The pool's own requests to its backend: metadata, zeroing, deallocation; and the buffer for them.</summary>
internal sealed class PoolWork
{
    /// <summary>What makes a cookie the pool's own.</summary>
    public const uint Cookie = 0x8000_0000;

    private const int AlignBytes = 4096;
    private readonly IBlockBackend _backend;
    private readonly byte[] _memory = GC.AllocateArray<byte>(PoolLimits.MetadataBytes + AlignBytes, pinned: true);
    private readonly int _base;
    private readonly List<(long Offset, long Bytes)> _ranges = [];
    private bool _isIssued;
    private int _pending;
    private int _range;
    private long _rangeDone;

    public PoolWork(IBlockBackend backend)
    {
        _backend = backend;
        _base = (int)(-Marshal.UnsafeAddrOfPinnedArrayElement(_memory, 0) & (AlignBytes - 1));
    }

    /// <summary>Room for one copy of the metadata.</summary>
    public Memory<byte> Buffer => _memory.AsMemory(_base, PoolLimits.MetadataBytes);

    /// <summary>The first errno since <see cref="Begin"/>.</summary>
    public int Error { get; private set; }

    /// <summary>Requests ever made.</summary>
    public long Issued { get; private set; }

    /// <summary>A new request, or series of requests.</summary>
    public void Begin()
    {
        Check.That(_pending == 0);
        _isIssued = false;
        Error = 0;
        _range = 0;
        _rangeDone = 0;
    }

    public void OnCompletion(int error)
    {
        _pending--;
        Error = Error == 0 ? error : Error;
    }

    /// <summary>One request.</summary>
    /// <returns>True: it is done.</returns>
    public bool TryDo(BlockOperation operation, long offset, int bytes)
    {
        if (!_isIssued)
        {
            _isIssued = _backend.TrySubmit(new BlockRequest(
                operation, offset, bytes, operation == BlockOperation.Flush ? default : Buffer[..bytes], Cookie));
            _pending += _isIssued ? 1 : 0;
            Issued += _isIssued ? 1 : 0;
        }

        return _isIssued && _pending == 0;
    }

    public void ClearRanges() => _ranges.Clear();

    /// <param name="offset">In the backend.</param>
    /// <param name="bytes">How many; 0 is nothing.</param>
    public void AddRange(long offset, long bytes)
    {
        if (bytes > 0)
        {
            _ranges.Add((offset, bytes));
        }
    }

    public void AddChunks(Extent extent) =>
        AddRange(PoolLimits.DataOffset + ((long)extent.Start * PoolLimits.ChunkBytes), (long)extent.Count * PoolLimits.ChunkBytes);

    /// <summary>Zeroes or deallocates all ranges, several requests at a time. After an error no more are made.</summary>
    /// <param name="operation">Which of the two.</param>
    /// <param name="goesOn">Errors do not matter.</param>
    /// <returns>True: it is done.</returns>
    public bool TryDoRanges(BlockOperation operation, bool goesOn)
    {
        var most = operation == BlockOperation.Deallocate ? PoolLimits.DeallocateBytesPerRequest : PoolLimits.ZeroBytesPerRequest;
        while (_range < _ranges.Count && _pending < PoolLimits.ZeroingsMax && (goesOn || Error == 0))
        {
            var (offset, bytes) = _ranges[_range];
            var piece = (int)Math.Min(bytes - _rangeDone, most);
            if (!_backend.TrySubmit(new BlockRequest(operation, offset + _rangeDone, piece, default, Cookie)))
            {
                return false;
            }

            _pending++;
            Issued++;
            _rangeDone += piece;
            if (_rangeDone == bytes)
            {
                _range++;
                _rangeDone = 0;
            }
        }

        return _pending == 0 && (_range == _ranges.Count || (Error != 0 && !goesOn));
    }
}
