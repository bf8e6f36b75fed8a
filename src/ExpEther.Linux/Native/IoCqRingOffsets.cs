using System.Runtime.InteropServices;

namespace ExpEther.Linux.Native;

/// <summary><c>struct io_cqring_offsets</c>, linux/io_uring.h: where the fields of the completion ring lie in its mapping.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct IoCqRingOffsets
{
    public uint Head;
    public uint Tail;
    public uint RingMask;
    public uint RingEntries;
    public uint Overflow;
    public uint Cqes;
    public uint Flags;
    public uint Reserved;
    public ulong UserAddress;
}
