using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ExpEther.Linux;
using ExpEther.Linux.Files;
using ExpEther.Nvme.Backends;

namespace ExpEther.Backends.Files;

/// <summary>
/// Carries requests out by io_uring, without a thread of ours. A request is one entry of the ring, or several one after the other: what
/// came short is continued, and where the file system cannot make zeroes they are written.
/// </summary>
internal sealed unsafe class RingEngine(IoUring ring, BlockFile file, FileAbilities abilities) : IFileEngine
{
    private readonly Call[] _calls = new Call[ring.Entries];
    private readonly Memory<byte> _zeroes = AlignedBuffer.Make(BackendLimits.ZeroBytesMax);

    public int Depth => _calls.Length;

    public int PollFileDescriptor => ring.FileDescriptor;

    public void Start(int slot, in BlockRequest request)
    {
        _calls[slot] = new Call
        {
            Operation = request.Operation, Memory = request.Buffer, Offset = request.OffsetBytes, Left = request.Bytes,
            WritesZeroes = request.Operation == BlockOperation.WriteZeroes && !abilities.ZeroesRanges,
        };
        Prepare(slot);
    }

    public bool TryTake(out int slot, out Errno error)
    {
        ring.Submit();
        while (ring.TryTake(out var tag, out var result))
        {
            slot = (int)tag;
            if (IsOver(ref _calls[slot], result, out error))
            {
                _calls[slot] = default;
                return true;
            }

            Prepare(slot);
            ring.Submit();
        }

        (slot, error) = (0, Errno.None);
        return false;
    }

    public void Dispose() => ring.Dispose();

    private void Prepare(int slot)
    {
        ref var call = ref _calls[slot];
        var tag = (ulong)slot;
        switch (call.Operation)
        {
            case BlockOperation.Read:
                ring.PrepareRead(file, AddressOf(call.Memory, call.Done), call.Left, call.Offset, tag);
                break;
            case BlockOperation.Flush when !abilities.IsReadOnly:
                ring.PrepareFlush(file, tag);
                break;
            case var _ when abilities.IsReadOnly:
                ring.PrepareNothing(tag);
                break;
            case BlockOperation.Write:
                ring.PrepareWrite(file, AddressOf(call.Memory, call.Done), call.Left, call.Offset, tag);
                break;
            case var _ when call.WritesZeroes:
                ring.PrepareWrite(file, AddressOf(_zeroes, 0), Math.Min(call.Left, _zeroes.Length), call.Offset, tag);
                break;
            case BlockOperation.WriteZeroes:
                ring.PrepareZeroRange(file, call.Offset, call.Left, tag);
                break;
            case BlockOperation.Deallocate when abilities.PunchesHoles:
                ring.PreparePunchHole(file, call.Offset, call.Left, tag);
                break;
            default:
                ring.PrepareNothing(tag);
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

        if (abilities.IsReadOnly && call.Operation is not (BlockOperation.Read or BlockOperation.Flush))
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

        if (result == 0)
        {
            // The file ends before.
            error = Errno.EIO;
            return true;
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
        public long Offset;
        public int Left;
        public int Done;
        public bool WritesZeroes;
    }
}
