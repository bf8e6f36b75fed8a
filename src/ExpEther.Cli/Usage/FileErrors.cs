namespace ExpEther.Cli.Usage;

/// <summary>What to do about a file that cannot be opened, read or written: the remedy that fits the error, not one for all.</summary>
internal static class FileErrors
{
    // errno-base.h and errno.h, as .NET keeps them in an IOException's HResult on Unix.
    private const int ENOSPC = 28;
    private const int EROFS = 30;
    private const int EDQUOT = 122;
    private const int EFBIG = 27;
    private const int EIO = 5;

    public static string RemedyOf(Exception error) => error switch
    {
        FileNotFoundException => "check the name of the file",
        DirectoryNotFoundException => "make the folder first, or name another",
        PathTooLongException => "name a shorter path",
        UnauthorizedAccessException => "it takes the right to do that: check owner and mode, and whether it is a folder; or run it as another user",
        { HResult: ENOSPC } => "make room on that disk, or name another",
        { HResult: EDQUOT } => "the quota of this user is used up: make room, or name another disk",
        { HResult: EROFS } => "that file system is read-only: name another place",
        { HResult: EFBIG } => "the file would be longer than the file system or `ulimit -f` allows: name another place, or a smaller range",
        { HResult: EIO } => "the disk reports an error: look at `dmesg`",
        _ => "the system's words above tell the cause; run it again when that is mended",
    };
}
