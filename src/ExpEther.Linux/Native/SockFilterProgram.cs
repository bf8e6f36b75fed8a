using System.Runtime.InteropServices;

namespace ExpEther.Linux.Native;

/// <summary><c>struct sock_fprog</c>, linux/filter.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct SockFilterProgram
{
    public ushort Length;
    public SockFilter* Instructions;
}
