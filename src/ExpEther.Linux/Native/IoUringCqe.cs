using System.Runtime.InteropServices;

namespace ExpEther.Linux.Native;

/// <summary><c>struct io_uring_cqe</c>, linux/io_uring.h: how a request ended.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct IoUringCqe
{
    public ulong UserData;

    /// <summary>What the system call would have returned; an error number negated.</summary>
    public int Result;
    public uint Flags;
}
