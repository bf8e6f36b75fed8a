using ExpEther.Linux;
using ExpEther.Linux.Files;
using ExpEther.Nvme.Backends;

namespace ExpEther.Backends.Files;

/// <summary>Carries one request out on the file; blocks. One thread's.</summary>
internal sealed class FileOperations(BlockFile file, FileAbilities abilities)
{
    private static readonly ReadOnlyMemory<byte> Zeroes = AlignedBuffer.Make(BackendLimits.ZeroBytesMax);

    private readonly Memory<byte> _bounce = file.IsDirect ? AlignedBuffer.Make(BackendLimits.BounceBytes) : default;

    public Errno Execute(in BlockRequest request) => request.Operation switch
    {
        BlockOperation.Read or BlockOperation.Write when FileQueue.MustBounce(request, file) => Bounce(request),
        BlockOperation.Read => file.Read(request.Buffer.Span[..request.Bytes], request.OffsetBytes),
        BlockOperation.Flush => abilities.IsReadOnly ? Errno.None : file.Flush(),
        _ when abilities.IsReadOnly => Errno.EROFS,
        BlockOperation.Write => file.Write(request.Buffer.Span[..request.Bytes], request.OffsetBytes),
        BlockOperation.WriteZeroes => Zero(request, abilities.ZeroesRanges),
        BlockOperation.Deallocate when abilities.PunchesHoles => Punch(request),
        BlockOperation.Deallocate => Errno.None,
        _ => Errno.EINVAL,
    };

    /// <summary>By memory that direct I/O can use, piece by piece.</summary>
    private Errno Bounce(in BlockRequest request)
    {
        if (request.Operation != BlockOperation.Read && abilities.IsReadOnly)
        {
            return Errno.EROFS;
        }

        for (var at = 0; at < request.Bytes; at += _bounce.Length)
        {
            var piece = _bounce.Span[..Math.Min(_bounce.Length, request.Bytes - at)];
            var theirs = request.Buffer.Span.Slice(at, piece.Length);
            Errno error;
            if (request.Operation == BlockOperation.Read)
            {
                error = file.Read(piece, request.OffsetBytes + at);
                piece.CopyTo(theirs);
            }
            else
            {
                theirs.CopyTo(piece);
                error = file.Write(piece, request.OffsetBytes + at);
            }

            if (error != Errno.None)
            {
                return error;
            }
        }

        return Errno.None;
    }

    // What was found possible at the start may not be everywhere on this file: zeroes are kept to all the same.
    private Errno Punch(in BlockRequest request)
    {
        var error = file.PunchHole(request.OffsetBytes, request.Bytes);
        return error is Errno.EOPNOTSUPP or Errno.EINVAL ? Zero(request, byRange: false) : error;
    }

    private Errno Zero(in BlockRequest request, bool byRange)
    {
        if (byRange && file.ZeroRange(request.OffsetBytes, request.Bytes) is var done and not (Errno.EOPNOTSUPP or Errno.EINVAL))
        {
            return done;
        }

        for (var at = 0; at < request.Bytes; at += Zeroes.Length)
        {
            var error = file.Write(Zeroes.Span[..Math.Min(Zeroes.Length, request.Bytes - at)], request.OffsetBytes + at);
            if (error != Errno.None)
            {
                return error;
            }
        }

        return Errno.None;
    }
}
