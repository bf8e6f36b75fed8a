using System.Runtime.InteropServices;

namespace ExpEther.Linux.Native;

/// <summary><c>struct flock</c> of 64-bit Linux, fcntl.h. All zero but the type: the whole file.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FileLock
{
    public short Type;
    public short Whence;
    public long Start;
    public long Length;
    public int ProcessId;
}
