using System.Runtime.InteropServices;

namespace ExpEther.Linux.Native;

/// <summary><c>struct io_uring_sqe</c>, linux/io_uring.h: a request, 64 bytes; the fields that are used here.</summary>
[StructLayout(LayoutKind.Explicit, Size = 64)]
internal struct IoUringSqe
{
    [FieldOffset(0)]
    public byte Opcode;

    [FieldOffset(1)]
    public byte Flags;

    [FieldOffset(4)]
    public int Fd;

    [FieldOffset(8)]
    public ulong Offset;

    /// <summary>Memory; of fallocate, the length.</summary>
    [FieldOffset(16)]
    public ulong Address;

    /// <summary>Bytes; of fallocate, the mode.</summary>
    [FieldOffset(24)]
    public uint Length;

    /// <summary>Of fsync.</summary>
    [FieldOffset(28)]
    public uint FsyncFlags;

    [FieldOffset(32)]
    public ulong UserData;
}
