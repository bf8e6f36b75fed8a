using ExpEther.Linux.Native;

namespace ExpEther.Linux.Memory;

/// <summary>
/// All of a file that another process made and shares with us by a descriptor (memfd_create(2)), mapped. Only files whose every byte stays
/// accessible whatever their maker does are mapped: sealed against shrinking, of ordinary pages. The descriptor is not needed any more then.
/// </summary>
public sealed unsafe class SharedMapping : IDisposable
{
    private byte* _start;

    private SharedMapping(FileIdentity identity, byte* start, ulong bytes, bool isWritable)
    {
        Identity = identity;
        _start = start;
        Bytes = bytes;
        IsWritable = isWritable;
    }

    public FileIdentity Identity { get; }

    /// <summary>The file's size when it was mapped; it may grow, never shrink.</summary>
    public ulong Bytes { get; }

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

    /// <summary>Maps a file that its maker cannot spoil; writable where the descriptor allows it.</summary>
    public static SharedMapping? TryMap(int descriptor, out SharedMappingError error)
    {
        var status = stackalloc long[16];
        if (!TryIdentify(descriptor, out var identity, out var bytes) || Libc.fcntl_number(descriptor, FileConstants.F_GET_SEALS, 0) is var seals && seals < 0)
        {
            error = SharedMappingError.NotSealable;
            return null;
        }

        if ((seals & FileConstants.F_SEAL_SHRINK) == 0)
        {
            error = SharedMappingError.CanShrink;
            return null;
        }

        if (Libc.fstatfs(descriptor, status) < 0 || status[0] == FileConstants.HUGETLBFS_MAGIC)
        {
            error = SharedMappingError.HugePages;
            return null;
        }

        var isWritable = true;
        var start = Map(descriptor, bytes, IoUringConstants.PROT_READ_WRITE);
        if (start is null && Libc.LastError is Errno.EACCES or Errno.EPERM)
        {
            isWritable = false;
            start = Map(descriptor, bytes, PacketConstants.PROT_READ);
        }

        error = start is null ? SharedMappingError.Refused : SharedMappingError.None;
        return start is null ? null : new SharedMapping(identity, start, bytes, isWritable);
    }

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
