using System.Runtime.InteropServices;

namespace ExpEther.Linux.Native;

/// <summary><c>struct tpacket_stats</c>, linux/if_packet.h; reading it sets it to zero.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct TpacketStats
{
    public uint Packets;
    public uint Drops;
}
