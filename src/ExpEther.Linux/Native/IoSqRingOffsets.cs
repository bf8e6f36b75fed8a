using System.Runtime.InteropServices;

namespace ExpEther.Linux.Native;

/// <summary><c>struct io_sqring_offsets</c>, linux/io_uring.h: where the fields of the submission ring lie in its mapping.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct IoSqRingOffsets
{
    public uint Head;
    public uint Tail;
    public uint RingMask;
    public uint RingEntries;
    public uint Flags;
    public uint Dropped;
    public uint Array;
    public uint Reserved;
    public ulong UserAddress;
}
