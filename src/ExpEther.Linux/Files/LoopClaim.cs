using System.Globalization;
using ExpEther.Linux.Native;

namespace ExpEther.Linux.Files;

/// <summary>
/// The part of a file that a loop device, or a partition of one, shows: locked as the device is, so that who opens the file itself, or another loop
/// device of it, is refused (loop(4); /sys/block/loopN/loop).
/// </summary>
internal sealed unsafe class LoopClaim : IDisposable
{
    private const int SysfsSectorBytes = 512;
    private readonly int _fd;

    private LoopClaim(int fd) => _fd = fd;

    /// <summary>The file behind a loop device and the part of it that the device shows.</summary>
    /// <param name="number">The device's, "7:0".</param>
    /// <returns>Null: it is no loop device. 0 bytes: to the file's end, wherever that comes to be.</returns>
    public static (string File, long Offset, long Bytes)? PartOf(string number)
    {
        var device = $"/sys/dev/block/{number}";
        var isPartition = File.Exists($"{device}/partition");
        var loop = isPartition ? Path.GetFullPath(Path.Combine(Directory.ResolveLinkTarget(device, true)?.FullName ?? device, "..", "loop")) : $"{device}/loop";
        if (Read($"{loop}/backing_file") is not { } file)
        {
            return null;
        }

        var offset = Number($"{loop}/offset");
        return isPartition
            ? (file, offset + (Number($"{device}/start") * SysfsSectorBytes), Number($"{device}/size") * SysfsSectorBytes)
            : (file, offset, Number($"{loop}/sizelimit"));
    }

    /// <param name="number">A block device's, "7:0".</param>
    /// <param name="isReadOnly">Shuts out writers only.</param>
    /// <param name="claim">Null: it is no loop device, or its file cannot be opened here.</param>
    /// <returns>Empty, or the path of the file that another process has.</returns>
    public static string TryTake(string number, bool isReadOnly, out LoopClaim? claim)
    {
        claim = null;
        if (PartOf(number) is not var (path, offset, bytes))
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
