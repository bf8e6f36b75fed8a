using System.Runtime.InteropServices;

namespace ExpEther.Linux.Native;

/// <summary><c>struct tpacket2_hdr</c>, linux/if_packet.h: the head of a TPACKET_V2 ring slot.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Tpacket2Header
{
    public uint Status;
    public uint Length;
    public uint SnapLength;
    public ushort Mac;
    public ushort Net;
    public uint Seconds;
    public uint Nanoseconds;
    public ushort VlanTci;
    public ushort VlanTpid;
    private readonly uint _padding;
}
