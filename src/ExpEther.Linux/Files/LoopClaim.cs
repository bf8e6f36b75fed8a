using System.Globalization;
using ExpEther.Linux.Native;

namespace ExpEther.Linux.Files;

/// <summary>
/// The part of a file that a loop device, or a partition of one, shows: locked as the device is, so that who opens the file itself, or another loop
/// device of it, is refused (loop(4); /sys/block/loopN/loop).
/// </summary>
public sealed unsafe class LoopClaim : IDisposable
{
    private const int SysfsSectorBytes = 512;
    private readonly int _fd;

    private LoopClaim(int fd) => _fd = fd;

    /// <param name="device">A loop device, a partition of one, or anything else.</param>
    /// <param name="isReadOnly">Shuts out writers only.</param>
    /// <param name="claim">Null: it is no loop device, or its file cannot be opened here.</param>
    /// <returns>Empty, or the path of the file behind it, of which another has this part.</returns>
    public static string TryTake(string device, bool isReadOnly, out LoopClaim? claim)
    {
        claim = null;
        if (PartOf(device) is not var (path, offset, bytes))
        {
            return "";
        }

        var fd = Libc.open(path, FileConstants.O_CLOEXEC | (isReadOnly ? FileConstants.O_RDONLY : FileConstants.O_RDWR), 0);
        if (fd < 0)
        {
            return "";
        }

        var part = new FileLock { Type = isReadOnly ? FileConstants.F_RDLCK : FileConstants.F_WRLCK, Start = offset, Length = bytes };
        if (Libc.fcntl(fd, FileConstants.F_OFD_SETLK, &part) < 0)
        {
            _ = Libc.close(fd);
            return path;
        }

        claim = new LoopClaim(fd);
        return "";
    }

    /// <summary>The file behind a loop device and the part of it that the device shows; 0 bytes: to the file's end, wherever that comes to be.</summary>
    private static (string File, long Offset, long Bytes)? PartOf(string path)
    {
        FileStatus status;
        if (Libc.statx(FileConstants.AT_FDCWD, path, 0, FileConstants.STATX_BASIC_STATS, &status) < 0
            || (status.Mode & FileConstants.S_IFMT) != FileConstants.S_IFBLK)
        {
            return null;
        }

        // The link's end is the device's folder; a partition's lies in that of the whole device.
        var link = string.Create(CultureInfo.InvariantCulture, $"/sys/dev/block/{status.SpecialMajor}:{status.SpecialMinor}");
        if (Directory.ResolveLinkTarget(link, returnFinalTarget: true)?.FullName is not { } folder)
        {
            return null;
        }

        var isPartition = File.Exists($"{folder}/partition");
        var loop = isPartition ? $"{Path.GetDirectoryName(folder)}/loop" : $"{folder}/loop";
        if (Read($"{loop}/backing_file") is not { } file)
        {
            return null;
        }

        var offset = Number($"{loop}/offset");
        return isPartition
            ? (file, offset + (Number($"{folder}/start") * SysfsSectorBytes), Number($"{folder}/size") * SysfsSectorBytes)
            : (file, offset, Number($"{loop}/sizelimit"));
    }

    public void Dispose() => _ = Libc.close(_fd);

    private static long Number(string path) => long.TryParse(Read(path), CultureInfo.InvariantCulture, out var number) ? number : 0;

    private static string? Read(string path)
    {
        try
        {
            return File.Exists(path) ? File.ReadAllText(path).TrimEnd('\n') : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
