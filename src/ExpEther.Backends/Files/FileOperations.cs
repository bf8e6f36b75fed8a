using ExpEther.Linux;
using ExpEther.Linux.Files;
using ExpEther.Nvme.Backends;

namespace ExpEther.Backends.Files;

/// <summary>Carries one request out on the file; blocks. Used by several threads at once.</summary>
internal sealed class FileOperations(BlockFile file, FileAbilities abilities)
{
    private readonly ReadOnlyMemory<byte> _zeroes = AlignedBuffer.Make(BackendLimits.ZeroBytesMax);

    public Errno Execute(in BlockRequest request) => request.Operation switch
    {
        BlockOperation.Read => file.Read(request.Buffer.Span[..request.Bytes], request.OffsetBytes),
        BlockOperation.Flush => abilities.IsReadOnly ? Errno.None : file.Flush(),
        _ when abilities.IsReadOnly => Errno.EROFS,
        BlockOperation.Write => file.Write(request.Buffer.Span[..request.Bytes], request.OffsetBytes),
        BlockOperation.WriteZeroes => Zero(request, abilities.ZeroesRanges),
        BlockOperation.Deallocate when abilities.PunchesHoles => Punch(request),
        BlockOperation.Deallocate => Errno.None,
        _ => Errno.EINVAL,
    };

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

        for (var at = 0; at < request.Bytes; at += _zeroes.Length)
        {
            var error = file.Write(_zeroes.Span[..Math.Min(_zeroes.Length, request.Bytes - at)], request.OffsetBytes + at);
            if (error != Errno.None)
            {
                return error;
            }
        }

        return Errno.None;
    }
}
