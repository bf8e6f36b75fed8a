using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using ExpEther.Linux.Native;

namespace ExpEther.Linux.Files;

/// <summary>A process that has a lock on a file.</summary>
/// <param name="ProcessId">Its ID, as this process sees it.</param>
/// <param name="Command">Its command line, without characters that a terminal would act upon, and cut.</param>
/// <param name="Since">When the process started; null: it cannot be told.</param>
/// <param name="Path">By which name it opened the file.</param>
public sealed record LockHolder(int ProcessId, string Command, DateTime? Since, string Path)
{
    private const int CommandCharactersMax = 200;

    /// <summary>
    /// Looks through /proc for who has locked a file: any lock, by any name of the file. Processes of other users are seen by root only. Slow; for
    /// the words of a refusal.
    /// </summary>
    /// <returns>Null: nobody who can be seen.</returns>
    public static LockHolder? Find(string path)
    {
        if (!TryStatus(path, out var wanted))
        {
            return null;
        }

        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(System.IO.Path.GetFileName(folder), CultureInfo.InvariantCulture, out var id) && LockedBy(folder, wanted) is { } name)
            {
                return new LockHolder(id, CommandOf(folder), StartOf(id), name);
            }
        }

        return null;
    }

    public override string ToString() => ProcessId == Environment.ProcessId
        ? $"this same process, by the name '{Path}'"
        : string.Create(CultureInfo.InvariantCulture, $"process {ProcessId} ({Command})")
            + (Since is { } since ? string.Create(CultureInfo.InvariantCulture, $", which runs since {since:yyyy-MM-dd HH:mm:ss}") : "");

    private static string? LockedBy(string process, in FileStatus wanted)
    {
        try
        {
            foreach (var info in Directory.EnumerateFiles(System.IO.Path.Combine(process, "fdinfo")))
            {
                var open = System.IO.Path.Combine(process, "fd", System.IO.Path.GetFileName(info));
                if (TryStatus(open, out var found) && IsSame(found, wanted) && File.ReadAllText(info).Contains("\nlock:", StringComparison.Ordinal))
                {
                    return new FileInfo(open).LinkTarget ?? open;
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // it ended, or is another user's
        }

        return null;
    }

    // A block device is the same by every node that has its number.
    private static bool IsSame(in FileStatus one, in FileStatus other) =>
        (one.Inode, one.DeviceMajor, one.DeviceMinor) == (other.Inode, other.DeviceMajor, other.DeviceMinor)
        || (IsDevice(one) && IsDevice(other) && (one.SpecialMajor, one.SpecialMinor) == (other.SpecialMajor, other.SpecialMinor));

    private static bool IsDevice(in FileStatus status) => (status.Mode & FileConstants.S_IFMT) == FileConstants.S_IFBLK;

    private static unsafe bool TryStatus(string path, out FileStatus status)
    {
        fixed (FileStatus* into = &status)
        {
            return Libc.statx(FileConstants.AT_FDCWD, path, 0, FileConstants.STATX_BASIC_STATS, into) == 0;
        }
    }

    private static string CommandOf(string process)
    {
        try
        {
            var text = new StringBuilder(File.ReadAllText(System.IO.Path.Combine(process, "cmdline")).TrimEnd('\0').Replace('\0', ' '));
            for (var i = 0; i < text.Length; i++)
            {
                text[i] = char.IsControl(text[i]) ? '?' : text[i];
            }

            return text.Length <= CommandCharactersMax ? text.ToString() : $"{text.ToString(0, CommandCharactersMax)}…";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "its command cannot be read";
        }
    }

    private static DateTime? StartOf(int id)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            return process.StartTime;
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or Win32Exception)
        {
            return null;
        }
    }
}
