using System.Runtime.InteropServices;

namespace ExpEther.Linux.Native;

/// <summary><c>struct tpacket_req</c>, linux/if_packet.h: the shape of a ring.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct TpacketRequest
{
    public uint BlockSize;
    public uint BlockCount;
    public uint FrameSize;
    public uint FrameCount;
}
