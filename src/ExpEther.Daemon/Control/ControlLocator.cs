namespace ExpEther.Daemon.Control;

/// <summary>Finds the one daemon a command is meant for, when <c>--socket</c> does not say.</summary>
public static class ControlLocator
{
    /// <param name="socket">As the user named it; null: look for it.</param>
    /// <param name="kinds">The kinds of daemons that know the command: io, host, switch.</param>
    /// <param name="cancel">Ends the search.</param>
    public static async Task<ControlClient> ConnectAsync(string? socket, IReadOnlyList<string> kinds, CancellationToken cancel = default)
    {
        if (socket is not null)
        {
            return await ControlClient.ConnectAsync(Path.GetFullPath(socket), cancel);
        }

        var running = new List<(string Path, ControlClient Client)>();
        foreach (var path in ControlPaths.Existing(kinds))
        {
            try
            {
                running.Add((path, await ControlClient.ConnectAsync(path, cancel)));
            }
            catch (ControlException)
            {
                continue; // left behind by a daemon that was killed, or not to be trusted
            }
        }

        if (running.Count == 1)
        {
            return running[0].Client;
        }

        foreach (var (_, client) in running)
        {
            client.Dispose();
        }

        var what = string.Join(" or ", kinds.Select(kind => $"`expether {kind}`"));
        throw running.Count == 0
            ? new ControlException(
                ControlErrorCode.NotReachable,
                $"no {what} of this user runs here (looked into {string.Join(", ", ControlPaths.Folders)}{ControlTrust.Passed})",
                "start one, or name its socket by --socket PATH")
            : new ControlException(
                ControlErrorCode.NotReachable,
                $"several daemons run that could be meant: {string.Join(", ", running.Select(r => r.Path))}",
                "name one of them by --socket PATH");
    }
}
