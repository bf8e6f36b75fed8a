using System.Runtime.InteropServices;

namespace ExpEther.Linux.Native;

/// <summary><c>struct sock_filter</c>, linux/filter.h: one classic BPF instruction.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly struct SockFilter(ushort code, byte jumpTrue, byte jumpFalse, uint k)
{
    public readonly ushort Code = code;
    public readonly byte JumpTrue = jumpTrue;
    public readonly byte JumpFalse = jumpFalse;
    public readonly uint K = k;
}
