using System.Runtime.InteropServices;

namespace ExpEther.Linux.Native;

/// <summary><c>struct io_uring_params</c>, linux/io_uring.h: what is asked of io_uring_setup(2), and its answer.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct IoUringParams
{
    public uint SqEntries;
    public uint CqEntries;
    public uint Flags;
    public uint SqThreadCpu;
    public uint SqThreadIdle;
    public uint Features;
    public uint WqFd;
    public uint Reserved0;
    public uint Reserved1;
    public uint Reserved2;
    public IoSqRingOffsets SqOffsets;
    public IoCqRingOffsets CqOffsets;
}
