using System.Runtime.CompilerServices;
using ExpEther.Linux.Native;

namespace ExpEther.Linux.Files;

/// <summary>
/// io_uring(7): many requests to files at once from one thread, without a call for each.
/// <para>
/// Theory. Requests are prepared in the submission ring, which is memory shared with the kernel, and set off together by
/// <see cref="Submit"/>. Completions appear in the completion ring and are taken without a call. Each ring has one writer and one
/// reader; an entry is written before the index that publishes it. Whoever prepares no more requests than the ring has entries before
/// taking their completions overflows neither ring. What would block is carried on by the kernel's own threads. One user at a time.
/// </para>
/// </summary>
public sealed unsafe class IoUring : IDisposable
{
    private const uint FeaturesNeeded =
        IoUringConstants.IORING_FEAT_SINGLE_MMAP | IoUringConstants.IORING_FEAT_NODROP | IoUringConstants.IORING_FEAT_RW_CUR_POS;

    private readonly byte* _rings;
    private readonly nuint _ringsBytes;
    private readonly IoUringSqe* _entries;
    private readonly nuint _entriesBytes;
    private readonly uint* _submissionTail;
    private readonly uint* _completionHead;
    private readonly uint* _completionTail;
    private readonly IoUringCqe* _completions;
    private readonly uint _submissionMask;
    private readonly uint _completionMask;
    private int _fd;

    private IoUring(int fd, in IoUringParams setup)
    {
        _fd = fd;
        _ringsBytes = Math.Max(
            setup.SqOffsets.Array + (setup.SqEntries * sizeof(uint)), setup.CqOffsets.Cqes + (setup.CqEntries * (uint)sizeof(IoUringCqe)));
        _entriesBytes = setup.SqEntries * (uint)sizeof(IoUringSqe);
        _rings = (byte*)Map(fd, _ringsBytes, IoUringConstants.IORING_OFF_SQ_RING);
        _entries = (IoUringSqe*)Map(fd, _entriesBytes, IoUringConstants.IORING_OFF_SQES);
        _submissionTail = (uint*)(_rings + setup.SqOffsets.Tail);
        _submissionMask = *(uint*)(_rings + setup.SqOffsets.RingMask);
        _completionHead = (uint*)(_rings + setup.CqOffsets.Head);
        _completionTail = (uint*)(_rings + setup.CqOffsets.Tail);
        _completionMask = *(uint*)(_rings + setup.CqOffsets.RingMask);
        _completions = (IoUringCqe*)(_rings + setup.CqOffsets.Cqes);
        Entries = (int)setup.SqEntries;

        // The indirection between ring and entries is not needed: each place names its own entry, for good.
        var indices = (uint*)(_rings + setup.SqOffsets.Array);
        for (var i = 0u; i < setup.SqEntries; i++)
        {
            indices[i] = i;
        }
    }

    /// <summary>Requests that may be prepared or under way at once.</summary>
    public int Entries { get; }

    /// <summary>Requests that <see cref="Submit"/> has not handed over yet.</summary>
    public int Prepared { get; private set; }

    /// <summary>Readable while there are completions.</summary>
    public int FileDescriptor => _fd;

    /// <summary>Makes a ring.</summary>
    /// <param name="entries">A power of two.</param>
    /// <param name="why">Null, or why there is none: EPERM or ENOSYS where it is forbidden, as in many containers; EOPNOTSUPP: a kernel
    /// before 5.6.</param>
    public static IoUring? TryCreate(int entries, out Errno why)
    {
        var setup = default(IoUringParams);
        var fd = (int)Libc.syscall(IoUringConstants.SYS_io_uring_setup, entries, (nint)(&setup), 0, 0, 0, 0);
        why = fd < 0 ? Libc.LastError : (setup.Features & FeaturesNeeded) != FeaturesNeeded ? Errno.EOPNOTSUPP : Errno.None;
        try
        {
            if (why == Errno.None)
            {
                return new IoUring(fd, setup);
            }
        }
        catch (LinuxException e)
        {
            why = e.Error;
        }

        if (fd >= 0)
        {
            _ = Libc.close(fd);
        }

        return null;
    }

    /// <summary>Does nothing, and completes.</summary>
    public void PrepareNothing(ulong tag) => Prepare(new IoUringSqe { Opcode = IoUringConstants.IORING_OP_NOP, UserData = tag });

    /// <param name="file">What is read.</param>
    /// <param name="into">Memory that stays where it is until the completion.</param>
    /// <param name="bytes">At most this; the result is how many.</param>
    /// <param name="offsetBytes">From the file's start.</param>
    /// <param name="tag">Comes back with the completion.</param>
    public void PrepareRead(BlockFile file, byte* into, int bytes, long offsetBytes, ulong tag) =>
        Prepare(Transfer(IoUringConstants.IORING_OP_READ, file, into, bytes, offsetBytes, tag));

    /// <inheritdoc cref="PrepareRead"/>
    public void PrepareWrite(BlockFile file, byte* from, int bytes, long offsetBytes, ulong tag) =>
        Prepare(Transfer(IoUringConstants.IORING_OP_WRITE, file, from, bytes, offsetBytes, tag));

    /// <summary>As <see cref="BlockFile.Flush"/>.</summary>
    public void PrepareFlush(BlockFile file, ulong tag) => Prepare(new IoUringSqe
    {
        Opcode = IoUringConstants.IORING_OP_FSYNC,
        Fd = file.Descriptor,
        FsyncFlags = IoUringConstants.IORING_FSYNC_DATASYNC,
        UserData = tag,
    });

    /// <summary>As <see cref="BlockFile.ZeroRange"/>.</summary>
    public void PrepareZeroRange(BlockFile file, long offsetBytes, long bytes, ulong tag) =>
        Prepare(Allocation(file, FileConstants.FALLOC_FL_ZERO_RANGE, offsetBytes, bytes, tag));

    /// <summary>As <see cref="BlockFile.PunchHole"/>.</summary>
    public void PreparePunchHole(BlockFile file, long offsetBytes, long bytes, ulong tag) =>
        Prepare(Allocation(file, FileConstants.FALLOC_FL_PUNCH_HOLE, offsetBytes, bytes, tag));

    /// <summary>Hands over what is prepared.</summary>
    public void Submit()
    {
        while (Prepared > 0)
        {
            var taken = Libc.syscall(IoUringConstants.SYS_io_uring_enter, _fd, Prepared, 0, 0, 0, 0);
            if (taken >= 0)
            {
                Prepared -= (int)taken;
            }
            else if (Libc.LastError is not (Errno.EINTR or Errno.EAGAIN or Errno.EBUSY))
            {
                throw LinuxException.Last("io_uring_enter");
            }
        }
    }

    /// <summary>Takes a completion, if there is one.</summary>
    /// <param name="tag">The request's.</param>
    /// <param name="result">As the system call's; an error number negated.</param>
    public bool TryTake(out ulong tag, out int result)
    {
        var head = *_completionHead;
        if (head == Volatile.Read(ref Unsafe.AsRef<uint>(_completionTail)))
        {
            (tag, result) = (0, 0);
            return false;
        }

        ref var entry = ref _completions[head & _completionMask];
        (tag, result) = (entry.UserData, entry.Result);
        Volatile.Write(ref Unsafe.AsRef<uint>(_completionHead), head + 1);
        return true;
    }

    public void Dispose()
    {
        var fd = Interlocked.Exchange(ref _fd, -1);
        if (fd >= 0)
        {
            _ = Libc.munmap(_rings, _ringsBytes);
            _ = Libc.munmap(_entries, _entriesBytes);
            _ = Libc.close(fd);
        }
    }

    private static IoUringSqe Transfer(byte opcode, BlockFile file, byte* memory, int bytes, long offset, ulong tag) => new()
    {
        Opcode = opcode,
        Fd = file.Descriptor,
        Address = (ulong)memory,
        Length = (uint)bytes,
        Offset = (ulong)offset,
        UserData = tag,
    };

    private static IoUringSqe Allocation(BlockFile file, int mode, long offset, long bytes, ulong tag) => new()
    {
        Opcode = IoUringConstants.IORING_OP_FALLOCATE,
        Fd = file.Descriptor,
        Length = (uint)(mode | FileConstants.FALLOC_FL_KEEP_SIZE),
        Address = (ulong)bytes,
        Offset = (ulong)offset,
        UserData = tag,
    };

    private static void* Map(int fd, nuint bytes, long offset)
    {
        var at = Libc.mmap(null, bytes, IoUringConstants.PROT_READ_WRITE, IoUringConstants.MAP_SHARED_POPULATE, fd, offset);
        return at != (void*)-1 ? at : throw LinuxException.Last("mmap of io_uring");
    }

    private void Prepare(in IoUringSqe entry)
    {
        Check.That(Prepared < Entries);

        // SAFETY: the kernel has taken every entry but the prepared ones, so this place is free.
        var tail = *_submissionTail;
        _entries[tail & _submissionMask] = entry;
        Volatile.Write(ref Unsafe.AsRef<uint>(_submissionTail), tail + 1);
        Prepared++;
    }
}
