namespace ExpEther.Cli;

/// <summary>Exit codes of <c>expether</c>; docs/commands.md lists them.</summary>
internal static class ExitCode
{
    public const int Ok = 0;

    /// <summary>The command was understood and did not succeed: refused, not verified, an I/O error.</summary>
    public const int Failed = 1;

    /// <summary>A wrong command line, or a mistake in a configuration file.</summary>
    public const int Usage = 2;

    /// <summary>No daemon could be reached.</summary>
    public const int NotReachable = 3;

    /// <summary>The network port could not be opened: no such interface, no permission, the address is in use.</summary>
    public const int NoPort = 4;

    /// <summary>Whatever read stdout has gone (128 + SIGPIPE): as a shell shows it of other tools.</summary>
    public const int OutputClosed = 141;

    /// <summary>Ended by Ctrl-C.</summary>
    public const int Interrupted = 130;
}
