using System.Globalization;
using System.Text;

namespace ExpEther.Daemon.Control;

/// <summary>
/// Where control sockets are: <c>$XDG_RUNTIME_DIR/expether</c>, for root <c>/run/expether</c>, else a folder of the user's own in the
/// temporary directory. A daemon takes the first it may use; a client looks into all.
/// </summary>
public static class ControlPaths
{
    /// <summary>sun_path of Linux, less the closing zero.</summary>
    public const int PathBytesMax = 107;

    private const UnixFileMode OnlyOwner = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    public static IReadOnlyList<string> Folders
    {
        get
        {
            var folders = new List<string>();
            if (Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR") is { Length: > 0 } runtime && Path.IsPathFullyQualified(runtime))
            {
                folders.Add(Path.Combine(runtime, "expether"));
            }

            if (Environment.IsPrivilegedProcess)
            {
                folders.Add("/run/expether");
            }

            folders.Add(Path.Combine(Path.GetTempPath(), $"expether-{Environment.UserName}"));
            return folders;
        }
    }

    /// <summary>The socket of a daemon whose configuration names none; its folder exists afterwards.</summary>
    /// <exception cref="IOException">No folder can be used.</exception>
    public static string DefaultFor(string kind, string name)
    {
        var reasons = new StringBuilder();
        foreach (var folder in Folders)
        {
            try
            {
                Directory.CreateDirectory(folder, OnlyOwner);
                if (ControlTrust.FaultOfFolder(folder) is { } fault)
                {
                    throw new IOException(fault);
                }

                var probe = Path.Combine(folder, $".probe-{Environment.ProcessId}");
                File.WriteAllText(probe, "");
                File.Delete(probe);
                return Path.Combine(folder, $"{kind}-{name}.sock");
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                reasons.Append(CultureInfo.InvariantCulture, $"; {(e.Message.Contains(folder, StringComparison.Ordinal) ? "" : $"{folder}: ")}{e.Message}");
            }
        }

        throw new IOException($"no place for the control socket{reasons}; name one by --socket PATH");
    }

    /// <summary>Socket files of daemons of these kinds in the folders that are trusted, whether or not anyone listens there.</summary>
    public static IReadOnlyList<string> Existing(params IReadOnlyList<string> kinds) => Existing(kinds, ".sock");

    /// <summary>As above, files with another ending.</summary>
    internal static IReadOnlyList<string> Existing(IReadOnlyList<string> kinds, string ending)
    {
        var found = new List<string>();
        foreach (var folder in Folders.Where(f => Directory.Exists(f) && ControlTrust.FaultOfFolder(f) is null))
        {
            try
            {
                found.AddRange(kinds.SelectMany(kind => Directory.EnumerateFiles(folder, $"{kind}-*{ending}")).Order(StringComparer.Ordinal));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                continue; // gone again, or root's, whose daemons serve root only
            }
        }

        return found;
    }
}
