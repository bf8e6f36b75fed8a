using ExpEther.Linux;
using ExpEther.Nvme.Backends;

namespace ExpEther.Backends.Ram;

/// <summary>
/// A namespace's blocks in memory: as fast as a copy, gone with the process. Memory is taken in chunks as it is first written; what was
/// never written reads as zeroes; a chunk that is deallocated as a whole is given back. A request is carried out when it is submitted.
/// </summary>
public sealed class RamBackend : IBlockBackend
{
    private const int ChunkBytes = 1 << 22;

    private readonly byte[]?[] _chunks;
    private readonly Queue<BlockCompletion> _completions = new(BackendLimits.RequestsMax);

    /// <param name="lengthBytes">A multiple of the block size, at most <see cref="BackendLimits.RamBytesMax"/>.</param>
    /// <param name="blockBytes">512 or 4096.</param>
    /// <param name="isReadOnly">Writes complete with EROFS.</param>
    /// <exception cref="BackendException">A length or block size that is not possible.</exception>
    public RamBackend(long lengthBytes, int blockBytes = 512, bool isReadOnly = false)
    {
        if (blockBytes is not (512 or 4096))
        {
            throw new BackendException($"a block has 512 or 4096 bytes, not {blockBytes}");
        }

        if (lengthBytes is <= 0 or > BackendLimits.RamBytesMax || lengthBytes % blockBytes != 0)
        {
            throw new BackendException(
                $"a RAM disk of {lengthBytes} bytes: its size is a multiple of {blockBytes}, at most {BackendLimits.RamBytesMax} bytes");
        }

        LengthBytes = lengthBytes;
        BlockBytes = blockBytes;
        IsReadOnly = isReadOnly;
        _chunks = new byte[]?[(lengthBytes + ChunkBytes - 1) / ChunkBytes];
    }

    public long LengthBytes { get; }

    public int BlockBytes { get; }

    public bool IsReadOnly { get; }

    /// <inheritdoc/>
    public bool DeallocatedReadsZeroes => true;

    /// <inheritdoc/>
    public int WriteGranularityBytes => BlockBytes;

    /// <summary>A chunk: less than that is zeroed, and its memory stays.</summary>
    public int DeallocateGranularityBytes => ChunkBytes;

    /// <inheritdoc/>
    public bool TrySubmit(in BlockRequest request)
    {
        if (_completions.Count == BackendLimits.RequestsMax)
        {
            return false;
        }

        var refused = BlockRequests.Check(request, this);
        _completions.Enqueue(new BlockCompletion(request.Cookie, (int)(refused == Errno.None ? TryExecute(request) : refused)));
        return true;
    }

    /// <inheritdoc/>
    public bool TryTakeCompletion(out BlockCompletion completion) => _completions.TryDequeue(out completion);

    /// <summary>Puts bytes into the disk before it is served, read-only or not.</summary>
    public void Load(long offsetBytes, ReadOnlySpan<byte> bytes)
    {
        Check.That(offsetBytes >= 0 && offsetBytes <= LengthBytes - bytes.Length);
        while (bytes.Length > 0)
        {
            var (chunk, at, count) = Part(offsetBytes, bytes.Length);
            bytes[..count].CopyTo((_chunks[chunk] ??= new byte[ChunkBytes]).AsSpan(at));
            bytes = bytes[count..];
            offsetBytes += count;
        }
    }

    private static (long Chunk, int At, int Count) Part(long offset, int bytes)
    {
        var at = (int)(offset % ChunkBytes);
        return (offset / ChunkBytes, at, Math.Min(bytes, ChunkBytes - at));
    }

    /// <summary>Memory is taken when it is first written, and the machine may have none left by then.</summary>
    private Errno TryExecute(in BlockRequest request)
    {
        try
        {
            return Execute(request);
        }
        catch (OutOfMemoryException)
        {
            return Errno.ENOMEM;
        }
    }

    private Errno Execute(in BlockRequest request)
    {
        switch (request.Operation)
        {
            case BlockOperation.Read:
                Read(request.OffsetBytes, request.Buffer.Span[..request.Bytes]);
                return Errno.None;
            case BlockOperation.Flush:
                return Errno.None;
            case var _ when IsReadOnly:
                return Errno.EROFS;
            case BlockOperation.Write:
                Load(request.OffsetBytes, request.Buffer.Span[..request.Bytes]);
                return Errno.None;
            case BlockOperation.WriteZeroes:
                Zero(request.OffsetBytes, request.Bytes, givesBack: false);
                return Errno.None;
            case BlockOperation.Deallocate:
                Zero(request.OffsetBytes, request.Bytes, givesBack: true);
                return Errno.None;
            default:
                return Errno.EINVAL;
        }
    }

    private void Read(long offset, Span<byte> into)
    {
        while (into.Length > 0)
        {
            var (chunk, at, count) = Part(offset, into.Length);
            if (_chunks[chunk] is { } memory)
            {
                memory.AsSpan(at, count).CopyTo(into);
            }
            else
            {
                into[..count].Clear();
            }

            into = into[count..];
            offset += count;
        }
    }

    private void Zero(long offset, int bytes, bool givesBack)
    {
        while (bytes > 0)
        {
            var (chunk, at, count) = Part(offset, bytes);
            if (givesBack && count == ChunkBytes)
            {
                _chunks[chunk] = null;
            }

            _chunks[chunk]?.AsSpan(at, count).Clear();
            bytes -= count;
            offset += count;
        }
    }
}
