using ExpEther.Linux.Native;

namespace ExpEther.Linux.Files;

/// <summary>A directory as something to be made durable: .NET opens files only.</summary>
public static class Folder
{
    /// <summary>Returns when the folder's entries (a file made, renamed or removed in it) would survive a power failure.</summary>
    /// <exception cref="LinuxException">It cannot be opened or synced.</exception>
    public static void Sync(string path)
    {
        var fd = Libc.open(path, FileConstants.O_RDONLY | FileConstants.O_CLOEXEC, 0);
        if (fd < 0)
        {
            throw LinuxException.Last($"open {path}");
        }

        var result = Libc.fdatasync(fd);
        var failure = result < 0 ? LinuxException.Last($"fdatasync {path}") : null;
        _ = Libc.close(fd);
        if (failure is not null)
        {
            throw failure;
        }
    }
}
