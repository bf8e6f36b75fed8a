using System.Runtime.InteropServices;

namespace ExpEther.Linux.Native;

/// <summary>struct passwd of pwd.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Passwd
{
    public nint Name;
    public nint Password;
    public uint UserId;
    public uint GroupId;
    public nint Gecos;
    public nint Directory;
    public nint Shell;
}
