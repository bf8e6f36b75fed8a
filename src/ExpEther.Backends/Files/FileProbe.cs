using System.Globalization;
using ExpEther.Linux;
using ExpEther.Linux.Files;

namespace ExpEther.Backends.Files;

/// <summary>Finds out, without touching its contents, what a file system or device can do with a file.</summary>
internal static class FileProbe
{
    public static FileAbilities Ask(BlockFile file, bool isReadOnly)
    {
        if (isReadOnly)
        {
            return new FileAbilities(true, false, false);
        }

        if (file.IsBlockDevice)
        {
            var canZero = CanZero(file.DeviceNumber);
            return new FileAbilities(false, canZero, canZero);
        }

        // Past its end a file has no contents, and keeps its size: there it can be tried. ZERO_RANGE would take room there, so it is not
        // tried: a refusal is found at its first use.
        var isPossible = file.PunchHole(file.LengthBytes, AlignedBuffer.AlignmentBytes) == Errno.None;
        return new FileAbilities(false, true, isPossible);
    }

    // A hole in a block device is zeroes that the device makes by itself, or it is refused (block/fops.c: no fallback to writing).
    private static bool CanZero(string device) =>
        Read($"/sys/dev/block/{device}/queue/write_zeroes_max_bytes")
            // A partition has its disk's queue.
            ?? Read($"/sys/dev/block/{device}/../queue/write_zeroes_max_bytes") ?? false;

    private static bool? Read(string file)
    {
        try
        {
            return long.TryParse(File.ReadAllText(file).AsSpan().Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var bytes) && bytes > 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
