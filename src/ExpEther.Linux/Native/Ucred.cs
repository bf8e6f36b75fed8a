using System.Runtime.InteropServices;

namespace ExpEther.Linux.Native;

/// <summary><c>struct ucred</c>, sys/socket.h: what SO_PEERCRED gives.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Ucred
{
    public int Pid;
    public uint Uid;
    public uint Gid;
}
