using System.Runtime.InteropServices;

namespace ExpEther.Linux.Native;

/// <summary><c>struct sockaddr_un</c>, sys/un.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct SockAddrUn
{
    public const int PathBytes = 108;

    public ushort Family;
    public fixed byte Path[PathBytes];
}
