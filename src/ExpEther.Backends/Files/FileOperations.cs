using ExpEther.Linux;
using ExpEther.Linux.Files;
using ExpEther.Nvme.Backends;

namespace ExpEther.Backends.Files;

/// <summary>Carries one request out on the file; blocks. Used by one thread.</summary>
internal sealed class FileOperations(BlockFile file, bool isReadOnly)
{
    private const int BounceBytes = 1 << 20;

    private readonly Memory<byte> _bounce = AlignedBuffer.Make(BounceBytes);
    private readonly Memory<byte> _zeroes = AlignedBuffer.Make(BounceBytes);
    private bool _cannotZeroRange;

    public Errno Execute(in BlockRequest request) => request.Operation switch
    {
        BlockOperation.Read => Read(request.Buffer.Span[..request.Bytes], request.OffsetBytes),
        BlockOperation.Flush => isReadOnly ? Errno.None : file.Flush(),
        _ when isReadOnly => Errno.EROFS,
        BlockOperation.Write => Write(request.Buffer.Span[..request.Bytes], request.OffsetBytes),
        BlockOperation.WriteZeroes => Zero(request.OffsetBytes, request.Bytes),
        _ => Errno.EINVAL,
    };

    private Errno Read(Span<byte> into, long offset)
    {
        if (!MustBounce(into))
        {
            return file.Read(into, offset);
        }

        for (var done = 0; done < into.Length; done += BounceBytes)
        {
            var part = into[done..Math.Min(done + BounceBytes, into.Length)];
            var bounce = _bounce.Span[..part.Length];
            var error = file.Read(bounce, offset + done);
            if (error != Errno.None)
            {
                return error;
            }

            bounce.CopyTo(part);
        }

        return Errno.None;
    }

    private Errno Write(Span<byte> from, long offset)
    {
        if (!MustBounce(from))
        {
            return file.Write(from, offset);
        }

        for (var done = 0; done < from.Length; done += BounceBytes)
        {
            var part = from[done..Math.Min(done + BounceBytes, from.Length)];
            var bounce = _bounce.Span[..part.Length];
            part.CopyTo(bounce);
            var error = file.Write(bounce, offset + done);
            if (error != Errno.None)
            {
                return error;
            }
        }

        return Errno.None;
    }

    private Errno Zero(long offset, int bytes)
    {
        if (!_cannotZeroRange)
        {
            var error = file.ZeroRange(offset, bytes);
            if (error is not (Errno.EOPNOTSUPP or Errno.EINVAL))
            {
                return error;
            }

            _cannotZeroRange = true;
        }

        for (var done = 0; done < bytes; done += BounceBytes)
        {
            var error = file.Write(_zeroes.Span[..Math.Min(BounceBytes, bytes - done)], offset + done);
            if (error != Errno.None)
            {
                return error;
            }
        }

        return Errno.None;
    }

    private bool MustBounce(Span<byte> buffer) => file.IsDirect && !AlignedBuffer.IsAligned(buffer);
}
