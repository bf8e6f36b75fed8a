using ExpEther.Linux.Files;

namespace ExpEther.Daemon.Ownership;

/// <summary>Replaces a file so that a power failure leaves the old content or the new, never a mixture or nothing.</summary>
internal static class DurableFile
{
    public static void Replace(string path, ReadOnlySpan<byte> content)
    {
        var fresh = path + ".new";
        using (var file = new FileStream(fresh, new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        }))
        {
            file.Write(content);
            file.Flush(flushToDisk: true);
        }

        File.Move(fresh, path, overwrite: true);
        Folder.Sync(Path.GetDirectoryName(path)!); // the rename itself is durable only now
    }
}
