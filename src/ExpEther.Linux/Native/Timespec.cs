using System.Runtime.InteropServices;

namespace ExpEther.Linux.Native;

/// <summary><c>struct timespec</c> of 64-bit Linux, time.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Timespec
{
    public long Seconds;
    public long Nanoseconds;
}
