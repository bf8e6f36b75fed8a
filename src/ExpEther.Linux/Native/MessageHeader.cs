using System.Runtime.InteropServices;

namespace ExpEther.Linux.Native;

/// <summary><c>struct msghdr</c>, sys/socket.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct MessageHeader
{
    public void* Name;
    public uint NameLength;
    public IoVector* Vectors;
    public nuint VectorCount;
    public void* Control;
    public nuint ControlLength;
    public int Flags;
}
