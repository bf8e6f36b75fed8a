using ExpEther.Daemon.Control;

namespace ExpEther.Daemon.Counters;

/// <summary>Finds counter pages of daemons that run, by their control sockets' places; asks no daemon.</summary>
public static class CounterLocator
{
    private static readonly string[] Kinds = ["io", "host", "switch"];

    /// <summary>The page of the one daemon that is meant.</summary>
    /// <param name="socket">Its control socket, as the user named it; null: the one daemon that runs.</param>
    /// <exception cref="ControlException">There is none, or several that could be meant, or its page cannot be read.</exception>
    public static CounterSnapshot FindOne(string? socket)
    {
        if (socket is not null)
        {
            return ReadOf(Path.GetFullPath(socket));
        }

        var running = FindAll();
        return running.Count switch
        {
            1 => running[0],
            0 => throw None(),
            _ => throw new ControlException(
                ControlErrorCode.NotReachable,
                $"several daemons run that could be meant: {string.Join(", ", running.Select(r => Path.ChangeExtension(r.Path, ".sock")))}",
                "name one of them by --socket PATH"),
        };
    }

    /// <summary>Those of all daemons of this user that run here; what cannot be read is left out.</summary>
    public static IReadOnlyList<CounterSnapshot> FindAll() =>
        [.. CounterPaths.Existing(Kinds).Select(TryRead).OfType<CounterSnapshot>().Where(snapshot => snapshot.IsRunning)];

    /// <summary>No daemon runs, in words.</summary>
    public static ControlException None() => new(
        ControlErrorCode.NotReachable,
        $"no {string.Join(" or ", Kinds.Select(kind => $"`expether {kind}`"))} of this user runs here "
        + $"(looked into {string.Join(", ", ControlPaths.Folders)}{ControlTrust.Passed})",
        "start one, or name its socket by --socket PATH");

    /// <summary>That of the daemon with this control socket.</summary>
    /// <exception cref="ControlException">It does not run, or its page cannot be read, or is another user's.</exception>
    public static CounterSnapshot ReadOf(string socketPath)
    {
        var path = CounterPaths.Of(socketPath);
        ControlTrust.CheckFile(path);
        try
        {
            var snapshot = CounterPageReader.Read(path);
            return snapshot.IsRunning
                ? snapshot
                : throw new ControlException(
                    ControlErrorCode.NotReachable, $"the daemon of {socketPath} does not run any more; process {snapshot.ProcessId} left {path}",
                    "look into its log, start it again");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ControlException(
                ControlErrorCode.NotReachable, $"there is no {path}: no daemon of this version has its control socket at {socketPath}",
                "start the daemon, or name its socket by --socket PATH");
        }
        catch (Exception e) when (e is CounterPageException or IOException or UnauthorizedAccessException)
        {
            throw new ControlException(ControlErrorCode.NotReachable, $"the counters of {socketPath} cannot be read: {e.Message}", "restart that daemon");
        }
    }

    private static CounterSnapshot? TryRead(string path)
    {
        try
        {
            ControlTrust.CheckFile(path);
            return CounterPageReader.Read(path);
        }
        catch (Exception e) when (e is CounterPageException or ControlException or IOException or UnauthorizedAccessException)
        {
            return null; // a daemon that ends at this moment, or another program's file
        }
    }
}
