using System.Runtime.InteropServices;

namespace ExpEther.Linux.Native;

/// <summary><c>struct packet_mreq</c>, linux/if_packet.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct PacketMembership
{
    public int InterfaceIndex;
    public ushort Type;
    public ushort AddressLength;
    public fixed byte Address[8];
}
