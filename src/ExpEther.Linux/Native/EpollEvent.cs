using System.Runtime.InteropServices;

namespace ExpEther.Linux.Native;

/// <summary>
/// <c>struct epoll_event</c>, sys/epoll.h, as far as it is used: the mask. What follows is packed on x86-64 and aligned elsewhere; it is not
/// used, and the larger of the two sizes is given.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = 16)]
internal struct EpollEvent
{
    [FieldOffset(0)]
    public uint Events;
}
