using System.Runtime.InteropServices;

namespace ExpEther.Linux.Native;

/// <summary><c>struct sockaddr_ll</c>, linux/if_packet.h. The protocol is in network byte order.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct SockAddrLl
{
    public ushort Family;
    public ushort Protocol;
    public int InterfaceIndex;
    public ushort HardwareType;
    public byte PacketType;
    public byte AddressLength;
    public fixed byte Address[8];
}
