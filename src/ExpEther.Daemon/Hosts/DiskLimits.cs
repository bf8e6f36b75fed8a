namespace ExpEther.Daemon.Hosts;

/// <summary>How a host's disks are read and written on behalf of control clients.</summary>
internal static class DiskLimits
{
    /// <summary>Commands kept in flight by one transfer.</summary>
    public const int CommandsInFlight = 16;

    /// <summary>Bytes moved by one command, unless the disk allows less.</summary>
    public const int CommandBytes = 128 << 10;

    /// <summary>Bytes deallocated by one command: a multiple of every block size.</summary>
    public const long TrimBytesPerCommand = 1L << 30;

    /// <summary>The longest a client may wait for a disk to appear.</summary>
    public const int WaitMillisecondsMax = 600_000;

    /// <summary>How long a command waits for the driver of a function that is in a slot already.</summary>
    public const int SettleMilliseconds = 5000;

    /// <summary>Progress is told this often.</summary>
    public const int ProgressMilliseconds = 200;
}
