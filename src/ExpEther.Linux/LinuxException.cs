using System.Runtime.InteropServices;
using ExpEther.Linux.Native;

namespace ExpEther.Linux;

/// <summary>A system call failed where failing is the caller's news: at set-up, never on the data path.</summary>
public sealed class LinuxException(string what, Errno error)
    : IOException($"{what}: {Marshal.GetPInvokeErrorMessage((int)error)} ({error})")
{
    public Errno Error { get; } = error;

    /// <summary>Made from the calling thread's errno. <paramref name="what"/>: the call and what it was about.</summary>
    internal static LinuxException Last(string what) => new(what, Libc.LastError);

    /// <summary>As above; errno is read before the values in <paramref name="what"/> are formatted, which may change it.</summary>
    internal static LinuxException Last(ErrnoThenText what) => new(what.Text(), what.Error);
}
