using ExpEther.Linux.Native;

namespace ExpEther.Linux.Accounts;

/// <summary>Who owns what is at a path, and what others may do with it (stat(2), lstat(2)).</summary>
/// <param name="UserId">The owner.</param>
/// <param name="Mode">Permissions, sticky bit included.</param>
/// <param name="IsLink">A symbolic link, where links were not followed.</param>
public readonly record struct PathOwner(uint UserId, UnixFileMode Mode, bool IsLink)
{
    private const int PermissionBits = 0xFFF;

    /// <summary>This process's effective user.</summary>
    public static uint OurUserId => Libc.geteuid();

    /// <summary>Does it belong to this process's user, or to root, who may do everything anyway?</summary>
    public bool IsOursOrRoots => UserId == 0 || UserId == OurUserId;

    /// <returns>Null: there is nothing, or it may not be looked at.</returns>
    public static unsafe PathOwner? Of(string path, bool followsLinks = true)
    {
        FileStatus status;
        var flags = followsLinks ? 0 : FileConstants.AT_SYMLINK_NOFOLLOW;
        return Libc.statx(FileConstants.AT_FDCWD, path, flags, FileConstants.STATX_BASIC_STATS, &status) == 0
            ? new PathOwner(status.UserId, (UnixFileMode)(status.Mode & PermissionBits), (status.Mode & FileConstants.S_IFMT) == FileConstants.S_IFLNK)
            : null;
    }
}
