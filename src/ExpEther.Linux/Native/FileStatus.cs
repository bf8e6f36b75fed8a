using System.Runtime.InteropServices;

namespace ExpEther.Linux.Native;

/// <summary><c>struct statx</c>, sys/stat.h: the one file status whose layout is the same on every architecture.</summary>
[StructLayout(LayoutKind.Explicit, Size = 256)]
internal struct FileStatus
{
    [FieldOffset(0)]
    public uint Mask;

    [FieldOffset(0x04)]
    public uint BlockSize;

    [FieldOffset(0x14)]
    public uint UserId;

    [FieldOffset(0x18)]
    public uint GroupId;

    [FieldOffset(0x1C)]
    public ushort Mode;

    [FieldOffset(0x20)]
    public ulong Inode;

    [FieldOffset(0x28)]
    public ulong Size;

    [FieldOffset(0x80)]
    public uint SpecialMajor;

    [FieldOffset(0x84)]
    public uint SpecialMinor;

    [FieldOffset(0x88)]
    public uint DeviceMajor;

    [FieldOffset(0x8C)]
    public uint DeviceMinor;

    [FieldOffset(0x98)]
    public uint DirectMemoryAlignment;

    [FieldOffset(0x9C)]
    public uint DirectOffsetAlignment;
}
