using ExpEther.Linux.Native;
using ExpEther.Linux.Polling;

namespace ExpEther.Linux.Processes;

/// <summary>
/// A process by a descriptor (pidfd_open(2)) that means this one for ever, whoever gets its number later, and that becomes readable when all of its
/// threads have ended.
/// </summary>
public sealed unsafe class ProcessHandle : IDisposable
{
    // asm-generic/unistd.h; the same on x86-64 and arm64.
    private const int PidfdOpen = 434;

    private int _fd;

    private ProcessHandle(int fd) => _fd = fd;

    /// <summary>Readable once the process has ended; belongs to this object.</summary>
    public int FileDescriptor => _fd;

    public bool HasEnded
    {
        get
        {
            var entry = new PollFd { Fd = _fd, Events = (short)PollEvents.Readable };
            var now = default(Timespec);
            return Libc.ppoll(&entry, 1, &now, null) == 1;
        }
    }

    /// <summary>This process, to be given to another one.</summary>
    /// <exception cref="LinuxException">ENOSYS: the kernel is older than 5.3. EMFILE. EPERM: a sandbox does not allow it.</exception>
    public static ProcessHandle OfThis()
    {
        var fd = (int)Libc.syscall(PidfdOpen, Environment.ProcessId, 0, 0, 0, 0, 0);
        return fd >= 0 ? new ProcessHandle(fd) : throw LinuxException.Last("pidfd_open");
    }

    /// <summary>One that its process gave us.</summary>
    /// <param name="descriptor">Owned by the handle from now on; closed where there is none.</param>
    /// <returns>Null: it is no process's.</returns>
    public static ProcessHandle? Of(int descriptor)
    {
        // Kernels from 6.9 on give each one an inode of its own: "pidfd:[123]".
        if (new FileInfo($"/proc/self/fd/{descriptor}").LinkTarget is { } target
            && (target == "anon_inode:[pidfd]" || target.StartsWith("pidfd:[", StringComparison.Ordinal)))
        {
            return new ProcessHandle(descriptor);
        }

        _ = Libc.close(descriptor);
        return null;
    }

    /// <summary>Puts this process into a session of its own (setsid(2)): the end of its terminal or a Ctrl-C there is not meant for it.</summary>
    public static void LeaveSession() => _ = Libc.setsid();

    public void Dispose()
    {
        var fd = Interlocked.Exchange(ref _fd, -1);
        if (fd >= 0)
        {
            _ = Libc.close(fd);
        }
    }
}
