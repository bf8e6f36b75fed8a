namespace ExpEther.Nvme.Driver;

/// <summary>The driver's bounds, all in one place.</summary>
public static class NvmeDriverLimits
{
    public const int AdminQueueEntries = 32;
    public const int QueuePairsMax = 64;
    public const int QueueEntriesMax = 4096;

    /// <summary>The most one command moves, in bytes: its PRP list fits in one page.</summary>
    public const int TransferBytesMax = 1 << 20;

    public const int NamespacesMax = 1024;

    /// <summary>Secondary controllers of one primary controller: a virtual function each.</summary>
    public const int SecondaryControllersMax = 256;

    /// <summary>Asynchronous event requests kept posted.</summary>
    public const int AsyncEventRequestsMax = 4;

    /// <summary>How often a register is read while waiting for it to change.</summary>
    public static readonly TimeSpan RegisterPoll = TimeSpan.FromMilliseconds(5);

    /// <summary>How long a register may read all-ones before the controller is given up: longer than a link may be silent.</summary>
    public static readonly TimeSpan SilenceMax = TimeSpan.FromSeconds(30);

    /// <summary>How long an aborted command may take to end before the controller is reset.</summary>
    public static readonly TimeSpan AbortTime = TimeSpan.FromSeconds(5);

    /// <summary>How long commands may take to end in an orderly stop.</summary>
    public static readonly TimeSpan QuiesceTime = TimeSpan.FromSeconds(10);

    /// <summary>How long the controller may take to shut down.</summary>
    public static readonly TimeSpan ShutdownTime = TimeSpan.FromSeconds(10);

    /// <summary>How often a command is sent again after a controller failed under it.</summary>
    public const int RepeatsMax = 5;

    /// <summary>Bring-ups of a controller in one recovery, each after a function level reset but the first.</summary>
    public const int RecoveryTriesMax = 5;

    /// <summary>Between two looks at the age of outstanding commands.</summary>
    public static readonly TimeSpan WatchInterval = TimeSpan.FromSeconds(1);

    /// <summary>A command older than this makes the watch ask whether the controller reports a fatal status.</summary>
    public static readonly TimeSpan StatusCheckAge = TimeSpan.FromSeconds(2);

    /// <summary>Between two tries to bring a primary controller back.</summary>
    public static readonly TimeSpan PrimaryRetry = TimeSpan.FromSeconds(10);

    /// <summary>Between two tries of a doorbell that found no room among the posted writes.</summary>
    public static readonly TimeSpan DoorbellRetry = TimeSpan.FromMilliseconds(1);
}
