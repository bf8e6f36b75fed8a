using ExpEther.Linux.Native;

namespace ExpEther.Linux.Accounts;

/// <summary>Gives files to others.</summary>
public static class FileOwner
{
    private const uint Unchanged = uint.MaxValue;

    /// <param name="path">A file, folder or socket; a link is followed.</param>
    /// <param name="owner">User ID; null: as it is.</param>
    /// <param name="group">Group ID; null: as it is.</param>
    /// <exception cref="LinuxException">EPERM: only root gives files away, and others only to groups of their own.</exception>
    public static void Change(string path, uint? owner, uint? group)
    {
        if ((owner is not null || group is not null) && Libc.chown(path, owner ?? Unchanged, group ?? Unchanged) < 0)
        {
            throw LinuxException.Last($"give {path} to user {owner?.ToString() ?? "-"}, group {group?.ToString() ?? "-"}");
        }
    }
}
