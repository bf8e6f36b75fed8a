using System.Text;
using ExpEther.Linux.Native;

namespace ExpEther.Linux.Files;

/// <summary>
/// A file that exactly one process holds. The lock is an open file description's (fcntl(2), F_OFD_SETLK), so it goes with the process, however that
/// ends, and the file that stays behind locks nothing. It is never removed: a lock on a removed file would shut out nobody.
/// </summary>
public sealed unsafe class OwnerLock : IDisposable
{
    private const int TextBytesMax = 1024;
    private const uint OnlyOwner = 0x180;
    private int _fd;

    private OwnerLock(int fd) => _fd = fd;

    /// <summary>What is written in the file, for people; empty when that cannot be read.</summary>
    public string Text
    {
        get
        {
            var bytes = stackalloc byte[TextBytesMax];
            var count = Libc.pread(_fd, bytes, TextBytesMax, 0);
            return count > 0 ? Encoding.UTF8.GetString(bytes, (int)count) : "";
        }
    }

    /// <param name="path">Made when it does not exist.</param>
    /// <returns>Null: another process, or this one, holds it (<see cref="LockHolder.Find"/>).</returns>
    /// <exception cref="LinuxException">The file cannot be opened or made, or its file system has no locks.</exception>
    public static OwnerLock? TryTake(string path)
    {
        var fd = Libc.open(path, FileConstants.O_RDWR | FileConstants.O_CREAT | FileConstants.O_CLOEXEC, OnlyOwner);
        if (fd < 0)
        {
            throw LinuxException.Last($"open {path}");
        }

        var whole = new FileLock { Type = FileConstants.F_WRLCK };
        if (Libc.fcntl(fd, FileConstants.F_OFD_SETLK, &whole) == 0)
        {
            return new OwnerLock(fd);
        }

        var failure = LinuxException.Last($"lock {path}");
        _ = Libc.close(fd);
        return failure.Error is Errno.EAGAIN or Errno.EACCES ? null : throw failure;
    }

    /// <summary>Replaces what is written in the file, as far as the disk takes it.</summary>
    /// <param name="text">At most 1024 bytes.</param>
    public void Write(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        fixed (byte* start = bytes)
        {
            _ = Libc.ftruncate(_fd, 0);
            _ = Libc.pwrite(_fd, start, (nuint)Math.Min(bytes.Length, TextBytesMax), 0);
        }
    }

    public void Dispose()
    {
        var fd = Interlocked.Exchange(ref _fd, -1);
        if (fd >= 0)
        {
            _ = Libc.close(fd);
        }
    }
}
