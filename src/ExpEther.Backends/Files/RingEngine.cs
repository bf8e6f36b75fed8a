using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ExpEther.Linux;
using ExpEther.Linux.Files;
using ExpEther.Nvme.Backends;

namespace ExpEther.Backends.Files;

/// <summary>
/// Carries requests out by io_uring, without a thread of ours. A request is one entry of the ring, or several one after the other: what
/// came short is continued, where the file system cannot make zeroes they are written, and memory that direct I/O cannot use is bounced.
/// </summary>
internal sealed unsafe class RingEngine : IFileEngine
{
    private readonly IoUring _ring;
    private readonly BlockFile _file;
    private readonly FileAbilities _abilities;
    private readonly Call[] _calls;
    private readonly Memory<byte> _zeroes = AlignedBuffer.Make(BackendLimits.ZeroBytesMax);
    private readonly Stack<Memory<byte>> _bounces = new(BackendLimits.BouncesMax);

    public RingEngine(IoUring ring, BlockFile file, FileAbilities abilities)
    {
        (_ring, _file, _abilities) = (ring, file, abilities);
        _calls = new Call[ring.Entries];
        for (var i = 0; file.IsDirect && i < BackendLimits.BouncesMax; i++)
        {
            _bounces.Push(AlignedBuffer.Make(BackendLimits.BounceBytes));
        }
    }

    public int Depth => _calls.Length;

    public int PollFileDescriptor => _ring.FileDescriptor;

    public bool CanStart(in BlockRequest request) => _bounces.Count > 0 || !FileQueue.MustBounce(request, _file);

    public void Start(int slot, in BlockRequest request)
    {
        _calls[slot] = new Call
        {
            Operation = request.Operation, Memory = request.Buffer, Offset = request.OffsetBytes, Left = request.Bytes,
            WritesZeroes = request.Operation == BlockOperation.WriteZeroes && !_abilities.ZeroesRanges,
            Bounce = FileQueue.MustBounce(request, _file) ? _bounces.Pop() : default,
        };
        Prepare(slot);
    }

    public bool TryTake(out int slot, out Errno error)
    {
        _ring.Submit();
        while (_ring.TryTake(out var tag, out var result))
        {
            slot = (int)tag;
            if (IsOver(ref _calls[slot], result, out error))
            {
                if (!_calls[slot].Bounce.IsEmpty)
                {
                    _bounces.Push(_calls[slot].Bounce);
                }

                _calls[slot] = default;
                return true;
            }

            Prepare(slot);
            _ring.Submit();
        }

        (slot, error) = (0, Errno.None);
        return false;
    }

    public void Dispose() => _ring.Dispose();

    private void Prepare(int slot)
    {
        ref var call = ref _calls[slot];
        var tag = (ulong)slot;
        switch (call.Operation)
        {
            case BlockOperation.Read when !call.Bounce.IsEmpty:
                _ring.PrepareRead(_file, AddressOf(call.Bounce, 0), Math.Min(call.Left, call.Bounce.Length), call.Offset, tag);
                break;
            case BlockOperation.Read:
                _ring.PrepareRead(_file, AddressOf(call.Memory, call.Done), call.Left, call.Offset, tag);
                break;
            case BlockOperation.Flush when !_abilities.IsReadOnly:
                _ring.PrepareFlush(_file, tag);
                break;
            case var _ when _abilities.IsReadOnly:
                _ring.PrepareNothing(tag);
                break;
            case BlockOperation.Write when !call.Bounce.IsEmpty:
                var piece = call.Memory.Span.Slice(call.Done, Math.Min(call.Left, call.Bounce.Length));
                piece.CopyTo(call.Bounce.Span);
                _ring.PrepareWrite(_file, AddressOf(call.Bounce, 0), piece.Length, call.Offset, tag);
                break;
            case BlockOperation.Write:
                _ring.PrepareWrite(_file, AddressOf(call.Memory, call.Done), call.Left, call.Offset, tag);
                break;
            case var _ when call.WritesZeroes:
                _ring.PrepareWrite(_file, AddressOf(_zeroes, 0), Math.Min(call.Left, _zeroes.Length), call.Offset, tag);
                break;
            case BlockOperation.WriteZeroes:
                _ring.PrepareZeroRange(_file, call.Offset, call.Left, tag);
                break;
            case BlockOperation.Deallocate when _abilities.PunchesHoles:
                _ring.PreparePunchHole(_file, call.Offset, call.Left, tag);
                break;
            default:
                _ring.PrepareNothing(tag);
                break;
        }
    }

    /// <summary>False: the request goes on with another entry.</summary>
    private bool IsOver(ref Call call, int result, out Errno error)
    {
        error = result < 0 ? (Errno)(-result) : Errno.None;
        if (error is Errno.EINTR)
        {
            return false;
        }

        if (_abilities.IsReadOnly && call.Operation is not (BlockOperation.Read or BlockOperation.Flush))
        {
            error = Errno.EROFS;
            return true;
        }

        var transfers = call.Operation is BlockOperation.Read or BlockOperation.Write || call.WritesZeroes;
        if (!transfers)
        {
            if (error is not (Errno.EOPNOTSUPP or Errno.EINVAL) || call.Operation == BlockOperation.Flush)
            {
                return true;
            }

            // What was found possible at the start is not everywhere on this file: the zeroes are kept to all the same.
            call.WritesZeroes = true;
            return false;
        }

        if (error != Errno.None)
        {
            return true;
        }

        if (_file.EndsAfter(result))
        {
            error = Errno.EIO;
            return true;
        }

        if (call.Operation == BlockOperation.Read && !call.Bounce.IsEmpty)
        {
            call.Bounce.Span[..result].CopyTo(call.Memory.Span[call.Done..]);
        }

        call.Done += result;
        call.Offset += result;
        call.Left -= result;
        return call.Left == 0;
    }

    // SAFETY: a request's buffer is pinned (BlockRequest.Buffer), and the call holds on to it until its completion.
    private static byte* AddressOf(Memory<byte> memory, int at) =>
        (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(memory.Span)) + at;

    private struct Call
    {
        public BlockOperation Operation;
        public Memory<byte> Memory;

        /// <summary>Direct I/O goes here, and what it moves is copied; empty: not needed.</summary>
        public Memory<byte> Bounce;
        public long Offset;
        public int Left;
        public int Done;
        public bool WritesZeroes;
    }
}
