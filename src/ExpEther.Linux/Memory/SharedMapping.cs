using ExpEther.Linux.Native;

namespace ExpEther.Linux.Memory;

/// <summary>
/// All of a file that another process made and shares with us by a descriptor (memfd_create(2)), mapped. A file whose every byte stays accessible
/// whatever its maker does, sealed against shrinking and of ordinary pages, may be accessed directly. Any other one is guarded: it may only be
/// reached by <see cref="GuardedCopy"/>, which fails where a plain access would be a SIGBUS. The descriptor is not needed any more then.
/// </summary>
public sealed unsafe class SharedMapping : IDisposable
{
    private byte* _start;

    private SharedMapping(FileIdentity identity, byte* start, ulong bytes, bool isWritable, SharedMappingError guardedFor)
    {
        GuardedFor = guardedFor;
        Identity = identity;
        _start = start;
        Bytes = bytes;
        IsWritable = isWritable;
    }

    public FileIdentity Identity { get; }

    /// <summary>The file's size when it was mapped; it may grow, never shrink.</summary>
    public ulong Bytes { get; }

    /// <summary>Why it is reached by <see cref="GuardedCopy"/> only; None: it may be accessed directly.</summary>
    public SharedMappingError GuardedFor { get; }

    /// <summary>The descriptor allowed writing.</summary>
    public bool IsWritable { get; }

    /// <summary>Its first byte; null once disposed.</summary>
    public byte* Start => _start;

    /// <summary>Which regular file a descriptor means, and its size.</summary>
    public static bool TryIdentify(int descriptor, out FileIdentity identity, out ulong bytes)
    {
        FileStatus status;
        var isFile = Libc.statx(descriptor, "", FileConstants.AT_EMPTY_PATH, FileConstants.STATX_BASIC_STATS, &status) == 0
            && (status.Mode & FileConstants.S_IFMT) == FileConstants.S_IFREG;
        identity = isFile ? new FileIdentity(status.DeviceMajor, status.DeviceMinor, status.Inode) : default;
        bytes = isFile ? status.Size : 0;
        return isFile;
    }

    /// <summary>Maps a file; writable where the descriptor allows it.</summary>
    /// <param name="descriptor">The other process's.</param>
    /// <param name="error">Why there is no mapping, or why it is guarded.</param>
    public static SharedMapping? TryMap(int descriptor, out SharedMappingError error)
    {
        var status = stackalloc long[16];
        if (!TryIdentify(descriptor, out var identity, out var bytes))
        {
            error = SharedMappingError.NotAFile;
            return null;
        }

        if (Libc.fstatfs(descriptor, status) < 0 || !AnswersByItself(status[0]))
        {
            error = SharedMappingError.SlowFileSystem;
            return null;
        }

        var seals = Libc.fcntl_number(descriptor, FileConstants.F_GET_SEALS, 0);
        var guardedFor = seals < 0 ? SharedMappingError.NotSealable
            : (seals & FileConstants.F_SEAL_SHRINK) == 0 ? SharedMappingError.CanShrink
            : status[0] == FileConstants.HUGETLBFS_MAGIC ? SharedMappingError.HugePages
            : SharedMappingError.None;
        var isWritable = true;
        var start = Map(descriptor, bytes, IoUringConstants.PROT_READ_WRITE);
        if (start is null && Libc.LastError is Errno.EACCES or Errno.EPERM)
        {
            isWritable = false;
            start = Map(descriptor, bytes, PacketConstants.PROT_READ);
        }

        error = start is null ? SharedMappingError.Refused : guardedFor;
        return start is null ? null : new SharedMapping(identity, start, bytes, isWritable, guardedFor);
    }

    // A page fault on any other kind of file may wait for a process that the client controls, and with it all of this process.
    private static bool AnswersByItself(long fileSystem) => fileSystem is FileConstants.TMPFS_MAGIC or FileConstants.RAMFS_MAGIC
        or FileConstants.HUGETLBFS_MAGIC or FileConstants.EXT4_SUPER_MAGIC or FileConstants.XFS_SUPER_MAGIC or FileConstants.BTRFS_SUPER_MAGIC
        or FileConstants.OVERLAYFS_SUPER_MAGIC;

    public void Dispose()
    {
        if (_start is not null)
        {
            _ = Libc.munmap(_start, (nuint)Bytes);
            _start = null;
        }
    }

    private static byte* Map(int descriptor, ulong bytes, int protection)
    {
        var start = Libc.mmap(null, (nuint)bytes, protection, PacketConstants.MAP_SHARED, descriptor, 0);
        return start == (void*)-1 ? null : (byte*)start;
    }
}
