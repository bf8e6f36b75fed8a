namespace ExpEther.Linux.Native;

/// <summary>linux/io_uring.h, sys/syscall.h, sys/mman.h. The numbers of the calls are the same on every architecture.</summary>
internal static class IoUringConstants
{
    public const int SYS_io_uring_setup = 425;
    public const int SYS_io_uring_enter = 426;

    public const byte IORING_OP_NOP = 0;
    public const byte IORING_OP_FSYNC = 3;
    public const byte IORING_OP_FALLOCATE = 17;
    public const byte IORING_OP_READ = 22;
    public const byte IORING_OP_WRITE = 23;

    public const uint IORING_FSYNC_DATASYNC = 1;
    public const uint IORING_ENTER_GETEVENTS = 1;

    public const uint IORING_FEAT_SINGLE_MMAP = 1;
    public const uint IORING_FEAT_NODROP = 2;

    /// <summary>Came with Linux 5.6, as did the read, write and fallocate requests.</summary>
    public const uint IORING_FEAT_RW_CUR_POS = 8;

    public const long IORING_OFF_SQ_RING = 0;
    public const long IORING_OFF_SQES = 0x1000_0000;

    public const int PROT_READ_WRITE = 3;
    public const int MAP_SHARED_POPULATE = 0x8001;
}
