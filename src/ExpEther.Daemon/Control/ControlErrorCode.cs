namespace ExpEther.Daemon.Control;

/// <summary>Codes of errors that do not come from a bridge (those are <see cref="Bridge.Io.RefusalCode"/>).</summary>
public static class ControlErrorCode
{
    /// <summary>Not a line of the protocol.</summary>
    public const string BadRequest = "bad-request";
    public const string LineTooLong = "line-too-long";
    public const string UnknownCommand = "unknown-command";
    public const string BadArgument = "bad-argument";

    /// <summary>Too many calls of this connection run.</summary>
    public const string TooManyCalls = "too-many-calls";

    /// <summary>Every connection that a daemon serves has a call that runs; the new one is closed.</summary>
    public const string TooManyConnections = "too-many-connections";

    /// <summary>Made by the client: the daemon is there, and stopped, or its loop hangs.</summary>
    public const string NotAnswering = "not-answering";

    /// <summary>The daemon is ending.</summary>
    public const string Ending = "ending";

    /// <summary>A bug of ours.</summary>
    public const string Internal = "internal-error";
    public const string NoSuchDisk = "no-such-disk";
    public const string NoSuchHost = "no-such-host";
    public const string NoSuchPort = "no-such-port";
    public const string OutOfRange = "out-of-range";

    /// <summary>The disk answered with an error status, or went away.</summary>
    public const string DiskError = "disk-error";

    /// <summary>Nothing listens at the socket, or several daemons do.</summary>
    public const string NotReachable = "not-reachable";

    /// <summary>The socket or counter page at the named place is another user's.</summary>
    public const string NotTrusted = "not-trusted";

    /// <summary>The daemon went away during the call.</summary>
    public const string ConnectionLost = "connection-lost";

    /// <summary>A daemon makes one capture at a time.</summary>
    public const string CaptureRuns = "capture-runs";

    /// <summary>There is none to stop.</summary>
    public const string NoCapture = "no-capture";
    public const string TimedOut = "timed-out";

    /// <summary>Mistakes in a configuration file; <c>mistakes[]</c> has them.</summary>
    public const string BadConfiguration = "bad-configuration";

    /// <summary>A configuration file without mistakes that cannot take effect now; <c>refusals[]</c> says why.</summary>
    public const string ReloadRefused = "reload-refused";
}
