namespace ExpEther.Daemon.Ownership;

/// <summary>Where ownership is kept unless the configuration says otherwise.</summary>
internal static class StateFolder
{
    /// <summary>/var/lib/expether for root, else $XDG_STATE_HOME/expether, by default ~/.local/state/expether.</summary>
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
