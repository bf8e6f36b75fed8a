namespace ExpEther.Daemon.State;

/// <summary>Where state is kept: ownership of a box, slots of hosts.</summary>
internal static class StateFolder
{
    /// <summary>Makes the folder when it does not exist, for its owner alone.</summary>
    /// <exception cref="IOException">It cannot be made; the message names the key.</exception>
    public static void Make(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"the folder of key 'stateDirectory', {folder}, cannot be made: {e.Message}", e);
        }
    }

    /// <summary>Where no configuration says another: /var/lib/expether for root, else $XDG_STATE_HOME/expether, else ~/.local/state/expether.</summary>
    public static string Default
    {
        get
        {
            if (Environment.IsPrivilegedProcess)
            {
                return "/var/lib/expether";
            }

            var state = Environment.GetEnvironmentVariable("XDG_STATE_HOME");
            return Path.Combine(
                state is { Length: > 0 } && Path.IsPathFullyQualified(state)
                    ? state
                    : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "state"),
                "expether");
        }
    }
}
