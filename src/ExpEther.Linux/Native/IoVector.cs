using System.Runtime.InteropServices;

namespace ExpEther.Linux.Native;

/// <summary><c>struct iovec</c>, sys/uio.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct IoVector
{
    public void* Base;
    public nuint Length;
}
