using ExpEther.Linux.Files;

namespace ExpEther.Daemon.State;

/// <summary>Replaces a file so that a power failure leaves the old content or the new, never a mixture or nothing.</summary>
internal static class DurableFile
{
    /// <exception cref="IOException">The disk is full, can only be read, or fails; the old content is there, or, if
    /// the last step fails, maybe the new.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder is not this user's to write.</exception>
    public static void Replace(string path, ReadOnlySpan<byte> content)
    {
        var fresh = path + ".new";
        try
        {
            using var file = new FileStream(fresh, new FileStreamOptions
            {
                Mode = FileMode.Create,
                Access = FileAccess.Write,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
            file.Write(content);
            file.Flush(flushToDisk: true);
        }
        catch (IOException)
        {
            // On a full disk, half a file would be in the way of the next attempt.
            File.Delete(fresh);
            throw;
        }

        Move(fresh, path, overwrite: true);
    }

    /// <summary>Renames a file, durably.</summary>
    /// <exception cref="IOException">It cannot be, or with <paramref name="overwrite"/> false there is a file of the new name.</exception>
    public static void Move(string from, string to, bool overwrite)
    {
        File.Move(from, to, overwrite);
        Folder.Sync(Path.GetDirectoryName(to)!); // the rename itself is durable only now
    }
}
