using System.Runtime.InteropServices;

namespace ExpEther.Linux.Native;

/// <summary><c>struct sockaddr_in</c> and <c>struct sockaddr_in6</c>, netinet/in.h, one over the other. Port and addresses in network byte order.</summary>
[StructLayout(LayoutKind.Explicit, Size = 28)]
internal unsafe struct SockAddrIn
{
    public const int Bytes4 = 16;
    public const int Bytes6 = 28;

    [FieldOffset(0)]
    public ushort Family;

    [FieldOffset(2)]
    public ushort Port;

    [FieldOffset(4)]
    public fixed byte Address4[4];

    [FieldOffset(8)]
    public fixed byte Address6[16];

    [FieldOffset(24)]
    public uint ScopeId;
}
