using ExpEther.Linux.Native;

namespace ExpEther.Linux.Files;

/// <summary>
/// A file or block device that is read and written by position (pread, pwrite), made durable (fdatasync), zeroed and given back (fallocate). Calls
/// block; errors of I/O are values. Locked against other processes that open it this way: one writer, or many readers.
/// </summary>
public sealed unsafe class BlockFile : IDisposable
{
    private readonly bool _isReadOnly;
    private int _fd;

    private BlockFile(int fd, bool isReadOnly, bool isDevice, bool isDirect)
    {
        _fd = fd;
        _isReadOnly = isReadOnly;
        IsBlockDevice = isDevice;
        IsDirect = isDirect;
    }

    public bool IsBlockDevice { get; }

    internal int Descriptor => _fd;

    /// <summary>O_DIRECT is in use: addresses, offsets and lengths must be multiples of the device's logical block size.</summary>
    public bool IsDirect { get; }

    /// <summary>Size now, in bytes.</summary>
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
    public int SectorBytes
    {
        get
        {
            int bytes;
            return IsBlockDevice && Libc.ioctl(_fd, FileConstants.BLKSSZGET, &bytes) == 0 ? bytes : 1;
        }
    }

    /// <summary>What is written whole without reading first: a device's physical sector, a file system's block. 1 when unknown.</summary>
    public int WriteGranularityBytes
    {
        get
        {
            int bytes;
            return Libc.ioctl(_fd, IsBlockDevice ? FileConstants.BLKPBSZGET : FileConstants.FIGETBSZ, &bytes) == 0 ? bytes : 1;
        }
    }

    /// <param name="path">A file or a block device.</param>
    /// <param name="isReadOnly">Opens for reading only.</param>
    /// <param name="isDirect">O_DIRECT.</param>
    /// <exception cref="LinuxException">ENOENT, EACCES, EROFS, EISDIR; EINVAL: no O_DIRECT here; EBUSY: a device in use (mounted); EAGAIN:
    /// served by another process.</exception>
    public static BlockFile Open(string path, bool isReadOnly, bool isDirect)
    {
        var isDevice = IsDevice(path);

        // O_EXCL on a block device without O_CREAT: fails while it is mounted or otherwise claimed (open(2)).
        var flags = FileConstants.O_CLOEXEC
            | (isReadOnly ? FileConstants.O_RDONLY : FileConstants.O_RDWR)
            | (isDirect ? FileConstants.O_DIRECT : 0)
            | (isDevice && !isReadOnly ? FileConstants.O_EXCL : 0);
        var fd = Libc.open(path, flags, 0);
        if (fd < 0)
        {
            throw LinuxException.Last($"open {path}");
        }

        // An open-file-description lock: what QEMU takes on its images too; flock(2) would shut out readers that mean no harm.
        var whole = new FileLock { Type = isReadOnly ? FileConstants.F_RDLCK : FileConstants.F_WRLCK };
        if (Libc.fcntl(fd, FileConstants.F_OFD_SETLK, &whole) < 0)
        {
            var failure = LinuxException.Last($"lock {path}");
            _ = Libc.close(fd);
            throw failure;
        }

        return new BlockFile(fd, isReadOnly, isDevice, isDirect);
    }

    /// <summary>Reads all of <paramref name="into"/>. EIO where the file ends before.</summary>
    public Errno Read(Span<byte> into, long offsetBytes)
    {
        fixed (byte* start = into)
        {
            for (var done = 0; done < into.Length;)
            {
                var count = Libc.pread(_fd, start + done, (nuint)(into.Length - done), offsetBytes + done);
                if (count == 0)
                {
                    return Errno.EIO;
                }

                if (count < 0 && Libc.LastError != Errno.EINTR)
                {
                    return Libc.LastError;
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
                if (count < 0 && Libc.LastError != Errno.EINTR)
                {
                    return Libc.LastError;
                }

                done += (int)Math.Max(count, 0);
            }
        }

        return Errno.None;
    }

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

    private static bool IsDevice(string path)
    {
        var fd = Libc.open(path, FileConstants.O_RDONLY | FileConstants.O_CLOEXEC | FileConstants.O_NONBLOCK, 0);
        if (fd < 0)
        {
            return false;
        }

        ulong bytes;
        var isDevice = Libc.ioctl(fd, FileConstants.BLKGETSIZE64, &bytes) == 0;
        _ = Libc.close(fd);
        return isDevice;
    }
}
