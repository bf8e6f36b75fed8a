using System.Runtime.InteropServices;

namespace ExpEther.Linux.Native;

/// <summary>struct group of grp.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Group
{
    public nint Name;
    public nint Password;
    public uint GroupId;
    public nint Members;
}
