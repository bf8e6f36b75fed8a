using System.Runtime.InteropServices;

namespace ExpEther.Linux.Native;

/// <summary><c>struct cmsghdr</c>, sys/socket.h; its data follow, 8-byte aligned (CMSG_ALIGN).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ControlHeader
{
    public nuint Length;
    public int Level;
    public int Type;
}
