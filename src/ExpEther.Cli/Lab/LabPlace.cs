using ExpEther.Cli.Wiring;
using ExpEther.Daemon.Control;

namespace ExpEther.Cli.Lab;

/// <summary>
/// The folder of one laboratory: its state, sockets, logs, configuration files and the pool of its device. All of it goes with the laboratory.
/// </summary>
/// <param name="Path">Absolute.</param>
internal sealed record LabPlace(string Path)
{
    private const UnixFileMode OnlyOwner = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>The longest name of a socket below, with a guest's folder.</summary>
    private const int SocketNameBytes = 32;

    /// <summary>Who is in it; its presence makes the folder a laboratory's.</summary>
    public string State => In("lab.json");

    /// <summary>Locked as long as the laboratory is up.</summary>
    public string Lock => In("lab.lock");

    /// <summary>Of whoever keeps it up.</summary>
    public string Socket => In("lab.sock");

    /// <summary>What was done, and what went wrong.</summary>
    public string Log => In("lab.log");

    /// <param name="named">By the user; null: the default, one for each user.</param>
    public static LabPlace Of(string? named)
    {
        if (named is not null)
        {
            return new LabPlace(System.IO.Path.GetFullPath(named));
        }

        var runtime = Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR");
        return new LabPlace(runtime is { Length: > 0 } && System.IO.Path.IsPathFullyQualified(runtime) && Directory.Exists(runtime)
            ? System.IO.Path.Combine(runtime, "expether-lab")
            : System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"expether-lab-{UserId()}"));
    }

    public string In(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>A daemon's control socket.</summary>
    public string SocketOf(string daemon) => In($"{daemon}.sock");

    public string GuestFolder(string guest) => In(guest);

    /// <summary>Makes it, and sees that it is ours and of use.</summary>
    /// <exception cref="LabFailure">It is not.</exception>
    public void Prepare()
    {
        if (Path.Length + SocketNameBytes > ControlPaths.PathBytesMax)
        {
            throw new LabFailure("bad-folder", $"{Path} is too long a path for sockets below it", "name a shorter one with --dir");
        }

        try
        {
            if (Directory.Exists(Path) && !IsALaboratorys && Directory.EnumerateFileSystemEntries(Path).Any(entry => entry != Lock && entry != Log))
            {
                throw new LabFailure("bad-folder", $"{Path} is not empty and no laboratory's", "name another folder with --dir");
            }

            Directory.CreateDirectory(Path, OnlyOwner);

            // Also whether it is ours: nobody else may change its mode.
            File.SetUnixFileMode(Path, OnlyOwner);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LabFailure("bad-folder", $"{Path} cannot be used: {e.Message}", "name another folder with --dir");
        }
    }

    /// <summary>
    /// Whether a laboratory made the folder, so that all of it may be removed: its state is there, and no other user has rights, as
    /// <see cref="Prepare"/> sees to. A person's folder that happens to have a file of that name stays.
    /// </summary>
    public bool IsALaboratorys => File.Exists(State) && File.GetUnixFileMode(Path) == OnlyOwner;

    /// <summary>Takes away all that a laboratory left, and the folder itself.</summary>
    public void Delete()
    {
        if (IsALaboratorys)
        {
            Directory.Delete(Path, recursive: true);
        }
    }

    private static string UserId() => File.ReadLines("/proc/self/status").First(line => line.StartsWith("Uid:", StringComparison.Ordinal)).Split('\t')[1];
}
