namespace ExpEther.Nvme.Controller;

/// <summary>The controller's limits: every table, queue and wait has one.</summary>
public static class ControllerLimits
{
    /// <summary>Outstanding DMA reads: the 8-bit tag space, so that no bridge has to remap tags (PCIe 5.0 §2.2.6.2).</summary>
    public const int TagsMax = 256;

    /// <summary>Tags that software allows without Extended Tag Field Enable.</summary>
    public const int TagsOf5Bits = 32;

    /// <summary>Tags that data reads leave free for commands and PRP lists.</summary>
    public const int TagsKeptFromData = 16;

    /// <summary>With fewer tags than this left beside the lost ones, the controller gives up (CSTS.CFS) and waits for a reset.</summary>
    public const int TagsUsableMin = 32;

    /// <summary>Commands in the controller at once; further ones stay in their queues in host memory.</summary>
    public const int CommandsMax = 256;

    /// <summary>Commands that I/O queues leave free, so that Abort and Delete work when everything else is stuck.</summary>
    public const int CommandsKeptForAdmin = 16;

    public const int FetchesMax = 64;
    public const int FetchesPerQueueMax = 4;
    public const int FetchEntriesMax = 16;

    /// <summary>I/O queue pairs; their ready bits are one 64-bit word.</summary>
    public const int QueuePairsMax = 64;

    public const int QueueEntriesMax = 65536;

    /// <summary>Controllers of an NVM subsystem: a byte of each backend request says whose it is.</summary>
    public const int ControllersMax = 256;

    /// <summary>Changes of namespaces that wait for each other: those of commands, and those whose commands a reset has ended.</summary>
    public const int NamespaceChangesMax = 512;

    /// <summary>VFs of an SR-IOV device.</summary>
    public const int VirtualFunctionsMax = 64;

    /// <summary>VQ and VI that a secondary controller needs before it can go online (NVMe 1.4 §8.5.3): admin queues, an I/O queue pair; a vector.</summary>
    public const int OnlineQueuesMin = 2;

    public const int OnlineInterruptsMin = 1;

    /// <summary>Fits the Active Namespace ID list of one Identify.</summary>
    public const int NamespacesMax = 1024;

    public const int MaxDataTransferBytesMax = 1 << 20;

    /// <summary>The most a backend is asked to zero at once: a multiple of every block size.</summary>
    public const int ZeroBytesPerRequest = 4 << 20;

    /// <summary>The most a backend is asked to deallocate at once: a multiple of every block size.</summary>
    public const int DeallocateBytesPerRequest = 64 << 20;

    public const int AsyncEventRequestsMax = 4;
    public const int AsyncEventsPendingMax = 8;
    public const int ErrorLogEntriesMax = 64;

    /// <summary>Abort commands at once, as Identify says; they end at once, so it is never exceeded.</summary>
    public const int AbortCommandsMax = 4;

    /// <summary>Answers to host requests that wait to leave: more than a requester's 10-bit tags.</summary>
    public const int AnswersMax = 2048;

    /// <summary>CC.MPS goes up to 2^(12+4) = 64 KiB.</summary>
    public const int MpsMax = 4;

    /// <summary>How long completions of requests from before a function level reset are swallowed (PCIe 5.0 §6.6.2: it takes at most 100 ms).</summary>
    public static readonly TimeSpan FunctionResetTime = TimeSpan.FromMilliseconds(100);

    /// <summary>CAP.TO in units of 500 ms: a reset waits for what the backends have in hand.</summary>
    public const int ReadyTimeoutUnits = 60;

    /// <summary>Between the first two reports of the same trouble with storage; doubled after each.</summary>
    public static readonly TimeSpan TroubleAgainMin = TimeSpan.FromSeconds(10);

    /// <summary>What that grows to.</summary>
    public static readonly TimeSpan TroubleAgainMax = TimeSpan.FromHours(1);

    /// <summary>How long after its last failure storage is shown as in trouble.</summary>
    public static readonly TimeSpan TroubleShown = TimeSpan.FromMinutes(10);
}
