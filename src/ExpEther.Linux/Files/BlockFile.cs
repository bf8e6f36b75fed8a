using System.Numerics;
using ExpEther.Linux.Native;

namespace ExpEther.Linux.Files;

/// <summary>
/// A file or block device that is read and written by position (pread, pwrite), made durable (fdatasync), zeroed and given back (fallocate). Calls
/// block; errors of I/O are values. Locked against other processes that open it this way: one writer, or many readers.
/// </summary>
public sealed unsafe class BlockFile : IDisposable
{
    private const int PageBytes = 4096;

    private readonly bool _isReadOnly;
    private readonly FileStatus _status;
    private int _fd;

    private BlockFile(int fd, bool isReadOnly, in FileStatus status)
    {
        _fd = fd;
        _isReadOnly = isReadOnly;
        _status = status;
    }

    public bool IsBlockDevice => (_status.Mode & FileConstants.S_IFMT) == FileConstants.S_IFBLK;

    /// <summary>A block device's number, "8:1", as /sys/dev/block names it.</summary>
    public string DeviceNumber => $"{_status.SpecialMajor}:{_status.SpecialMinor}";

    internal int Descriptor => _fd;

    /// <summary>O_DIRECT is in use: addresses, offsets and lengths must be as <see cref="Direct"/> says.</summary>
    public bool IsDirect => Direct != default;

    /// <summary>What direct I/O needs here; all 0 while it is not in use.</summary>
    public DirectAlignment Direct { get; private set; }

    /// <summary>Size now, in bytes; -1 when it cannot be told.</summary>
    public long LengthBytes
    {
        get
        {
            ulong bytes;
            return IsBlockDevice && Libc.ioctl(_fd, FileConstants.BLKGETSIZE64, &bytes) == 0
                ? (long)bytes
                : Libc.lseek(_fd, 0, FileConstants.SEEK_END);
        }
    }

    /// <summary>Logical block size of a block device; 1 for a file.</summary>
    public int SectorBytes => IsBlockDevice ? Ask(FileConstants.BLKSSZGET) : 1;

    /// <summary>What is written whole without reading first: a device's physical sector, a file system's block. 1 when unknown.</summary>
    public int WriteGranularityBytes => Ask(IsBlockDevice ? FileConstants.BLKPBSZGET : FileConstants.FIGETBSZ);

    /// <summary>A block device that the kernel lets nobody write (BLKROGET).</summary>
    public bool IsReadOnlyDevice
    {
        get
        {
            int isReadOnly;
            return IsBlockDevice && Libc.ioctl(_fd, FileConstants.BLKROGET, &isReadOnly) == 0 && isReadOnly != 0;
        }
    }

    /// <summary>What stands at a path. Of a block device that may not be opened size and sector are 0.</summary>
    public static FileLook Look(string path)
    {
        FileStatus status;
        if (Libc.statx(FileConstants.AT_FDCWD, path, 0, FileConstants.STATX_BASIC_STATS, &status) < 0)
        {
            return default;
        }

        return (status.Mode & FileConstants.S_IFMT) switch
        {
            FileConstants.S_IFREG => new FileLook(FileKind.File, (long)status.Size, 0),
            FileConstants.S_IFBLK => LookAtDevice(path),
            FileConstants.S_IFDIR => new FileLook(FileKind.Directory, 0, 0),
            _ => new FileLook(FileKind.Other, 0, 0),
        };
    }

    /// <param name="path">A file or a block device, or a symbolic link to one.</param>
    /// <param name="isReadOnly">Opens for reading only.</param>
    /// <exception cref="LinuxException">ENOENT, EACCES, EROFS, EISDIR; ENXIO: neither file nor block device; EBUSY: a device in use (mounted, or
    /// opened this way by another); EAGAIN: a file that another process serves.</exception>
    public static BlockFile Open(string path, bool isReadOnly)
    {
        var kind = Look(path).Kind;
        if (kind == FileKind.Other)
        {
            // Opening a pipe would wait for its other end.
            throw new LinuxException($"open {path}", Errno.ENXIO);
        }

        // O_EXCL on a block device without O_CREAT: fails while it is mounted or otherwise claimed (open(2)).
        var flags = FileConstants.O_CLOEXEC
            | (isReadOnly ? FileConstants.O_RDONLY : FileConstants.O_RDWR)
            | (kind == FileKind.BlockDevice && !isReadOnly ? FileConstants.O_EXCL : 0);
        var fd = Libc.open(path, flags, 0);
        if (fd < 0)
        {
            throw LinuxException.Last($"open {path}");
        }

        // An open-file-description lock: what QEMU takes on its images too; flock(2) would shut out readers that mean no harm.
        FileStatus status;
        var whole = new FileLock { Type = isReadOnly ? FileConstants.F_RDLCK : FileConstants.F_WRLCK };
        if (Libc.fcntl(fd, FileConstants.F_OFD_SETLK, &whole) < 0
            || Libc.statx(fd, "", FileConstants.AT_EMPTY_PATH, FileConstants.STATX_BASIC_STATS | FileConstants.STATX_DIOALIGN, &status) < 0)
        {
            var failure = LinuxException.Last($"lock {path}");
            _ = Libc.close(fd);
            throw failure;
        }

        return new BlockFile(fd, isReadOnly, status);
    }

    /// <summary>
    /// What the kernel says that direct I/O needs here; null: there is none. Since Linux 6.1 by statx(2), STATX_DIOALIGN. Where that says nothing
    /// a device's logical sector is enough (open(2), O_DIRECT), and for a file its file system's block and a page of memory.
    /// </summary>
    public DirectAlignment? AskDirectAlignment()
    {
        DirectAlignment said;
        if ((_status.Mask & FileConstants.STATX_DIOALIGN) != 0)
        {
            said = new DirectAlignment((int)_status.DirectMemoryAlignment, (int)_status.DirectOffsetAlignment);
        }
        else if (IsBlockDevice)
        {
            said = new DirectAlignment(SectorBytes, SectorBytes);
        }
        else
        {
            said = new DirectAlignment(PageBytes, WriteGranularityBytes);
        }

        return BitOperations.IsPow2(said.MemoryBytes) && BitOperations.IsPow2(said.OffsetBytes) ? said : null;
    }

    /// <summary>From now on past the page cache; before the first read or write.</summary>
    /// <param name="alignment">As <see cref="AskDirectAlignment"/> said.</param>
    /// <returns>False: not here (tmpfs before Linux 6.6).</returns>
    public bool TryUseDirect(DirectAlignment alignment)
    {
        var flags = Libc.fcntl_number(_fd, FileConstants.F_GETFL, 0);
        if (flags < 0 || Libc.fcntl_number(_fd, FileConstants.F_SETFL, flags | FileConstants.O_DIRECT) < 0)
        {
            return false;
        }

        Direct = alignment;
        return true;
    }

    /// <summary>Reads all of <paramref name="into"/>. EIO where the file ends before.</summary>
    public Errno Read(Span<byte> into, long offsetBytes)
    {
        fixed (byte* start = into)
        {
            for (var done = 0; done < into.Length;)
            {
                var count = Libc.pread(_fd, start + done, (nuint)(into.Length - done), offsetBytes + done);
                if (count < 0)
                {
                    if (Libc.LastError != Errno.EINTR)
                    {
                        return Libc.LastError;
                    }
                }
                else if (EndsAfter(count))
                {
                    return Errno.EIO;
                }

                done += (int)Math.Max(count, 0);
            }
        }

        return Errno.None;
    }

    /// <summary>Writes all of <paramref name="from"/>; durable only after <see cref="Flush"/>.</summary>
    public Errno Write(ReadOnlySpan<byte> from, long offsetBytes)
    {
        fixed (byte* start = from)
        {
            for (var done = 0; done < from.Length;)
            {
                var count = Libc.pwrite(_fd, start + done, (nuint)(from.Length - done), offsetBytes + done);
                if (count < 0)
                {
                    if (Libc.LastError != Errno.EINTR)
                    {
                        return Libc.LastError;
                    }
                }
                else if (EndsAfter(count))
                {
                    return Errno.EIO;
                }

                done += (int)Math.Max(count, 0);
            }
        }

        return Errno.None;
    }

    /// <summary>
    /// A transfer that came this far goes no further: nothing was moved, or direct I/O stopped inside a block, which it does only where the file
    /// ends.
    /// </summary>
    public bool EndsAfter(long count) => count == 0 || (IsDirect && (count & (Direct.OffsetBytes - 1)) != 0);

    /// <summary>Returns when everything written is durable (fdatasync(2)). EIO: some of it may be lost.</summary>
    public Errno Flush() => Libc.fdatasync(_fd) == 0 ? Errno.None : Libc.LastError;

    /// <summary>Makes a range read as zeroes without writing it. EOPNOTSUPP: the file system cannot; write zeroes instead.</summary>
    public Errno ZeroRange(long offsetBytes, long bytes) =>
        Libc.fallocate(_fd, FileConstants.FALLOC_FL_ZERO_RANGE | FileConstants.FALLOC_FL_KEEP_SIZE, offsetBytes, bytes) == 0
            ? Errno.None
            : Libc.LastError;

    /// <summary>
    /// Gives a range back: it reads as zeroes, and takes no room where whole blocks of the file system are in it. On a block device it is
    /// zeroed, unmapped if that can be. EOPNOTSUPP: file system or device cannot.
    /// </summary>
    public Errno PunchHole(long offsetBytes, long bytes) =>
        Libc.fallocate(_fd, FileConstants.FALLOC_FL_PUNCH_HOLE | FileConstants.FALLOC_FL_KEEP_SIZE, offsetBytes, bytes) == 0
            ? Errno.None
            : Libc.LastError;

    public void Dispose()
    {
        var fd = Interlocked.Exchange(ref _fd, -1);
        if (fd < 0)
        {
            return;
        }

        if (!_isReadOnly)
        {
            _ = Libc.fdatasync(fd);
        }

        _ = Libc.close(fd);
    }

    private static FileLook LookAtDevice(string path)
    {
        var fd = Libc.open(path, FileConstants.O_RDONLY | FileConstants.O_CLOEXEC | FileConstants.O_NONBLOCK, 0);
        ulong bytes = 0;
        var sector = 0;
        if (fd >= 0)
        {
            _ = Libc.ioctl(fd, FileConstants.BLKGETSIZE64, &bytes);
            _ = Libc.ioctl(fd, FileConstants.BLKSSZGET, &sector);
            _ = Libc.close(fd);
        }

        return new FileLook(FileKind.BlockDevice, (long)bytes, sector);
    }

    private int Ask(uint request)
    {
        int bytes;
        return Libc.ioctl(_fd, request, &bytes) == 0 ? bytes : 1;
    }
}
