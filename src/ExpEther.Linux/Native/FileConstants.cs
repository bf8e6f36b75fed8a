using System.Runtime.InteropServices;

namespace ExpEther.Linux.Native;

/// <summary>fcntl.h, unistd.h, sys/mman.h, sys/stat.h, linux/magic.h, linux/falloc.h, linux/fs.h. O_DIRECT's value is the architecture's.</summary>
internal static class FileConstants
{
    public const int O_RDONLY = 0;
    public const int O_RDWR = 2;
    public const int O_CREAT = 0x40;
    public const int O_EXCL = 0x80;
    public const int O_NONBLOCK = 0x800;
    public const int O_CLOEXEC = 0x80000;

    public const int FALLOC_FL_KEEP_SIZE = 1;
    public const int FALLOC_FL_PUNCH_HOLE = 2;
    public const int FALLOC_FL_ZERO_RANGE = 0x10;

    public const int SEEK_END = 2;

    public const int F_GETFL = 3;
    public const int F_SETFL = 4;
    public const int F_GET_SEALS = 1034;
    public const int F_ADD_SEALS = 1033;
    public const int F_SEAL_SHRINK = 2;
    public const int F_SEAL_GROW = 4;
    public const uint MFD_CLOEXEC = 1;
    public const uint MFD_ALLOW_SEALING = 2;

    public const int AT_FDCWD = -100;
    public const int AT_SYMLINK_NOFOLLOW = 0x100;
    public const int AT_EMPTY_PATH = 0x1000;
    public const uint STATX_BASIC_STATS = 0x7FF;

    /// <summary>Since Linux 6.1.</summary>
    public const uint STATX_DIOALIGN = 0x2000;
    public const long HUGETLBFS_MAGIC = 0x958458F6;
    public const long TMPFS_MAGIC = 0x01021994;
    public const long RAMFS_MAGIC = 0x858458F6;
    public const long EXT4_SUPER_MAGIC = 0xEF53;
    public const long XFS_SUPER_MAGIC = 0x58465342;
    public const long BTRFS_SUPER_MAGIC = 0x9123683E;
    public const long OVERLAYFS_SUPER_MAGIC = 0x794C7630;
    public const int S_IFMT = 0xF000;
    public const int S_IFDIR = 0x4000;
    public const int S_IFREG = 0x8000;
    public const int S_IFLNK = 0xA000;
    public const int S_IFSOCK = 0xC000;
    public const int S_IFBLK = 0x6000;

    public const int F_OFD_GETLK = 36;
    public const int F_OFD_SETLK = 37;
    public const short F_RDLCK = 0;
    public const short F_WRLCK = 1;
    public const short F_UNLCK = 2;

    /// <summary>Whether a block device can only be read; fills an int.</summary>
    public const uint BLKROGET = 0x125E;

    /// <summary>Logical sector size of a block device; fills an int.</summary>
    public const uint BLKSSZGET = 0x1268;

    /// <summary>Physical sector size of a block device; fills an int.</summary>
    public const uint BLKPBSZGET = 0x127B;

    /// <summary>Block size of the file system that a file is in; fills an int.</summary>
    public const uint FIGETBSZ = 2;

    /// <summary>Size of a block device in bytes; fills a 64-bit integer.</summary>
    public const uint BLKGETSIZE64 = 0x80081272;

    /// <summary>x86-64: 0x4000; arm64: 0x10000.</summary>
    public static int O_DIRECT =>
        RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 0x10000 : 0x4000;
}
