namespace ExpEther.Bridge.Hosts;

/// <summary>Every table and queue of a host bridge has its bound here.</summary>
public static class HostBridgeLimits
{
    /// <summary>A downstream port is a device number on the switch's internal bus, 5 bits.</summary>
    public const int SlotsMax = 32;

    /// <summary>I/O boxes with a link, or trying to get one, at the same time.</summary>
    public const int BoxesMax = 64;

    /// <summary>Requests of the host that await a box's completion: all 10-bit tags.</summary>
    public const int HostRequestsMax = 1024;

    /// <summary>Reads and atomics of one function that await their completions' turn on the link: all 10-bit tags.</summary>
    public const int DmaReadsPerFunctionMax = 1024;

    /// <summary>
    /// DMA of one function that is kept because the host has no room for an earlier write, in bytes of TLPs; past it writes are dropped and reads
    /// refused.
    /// </summary>
    public const int KeptDmaBytesMax = 256 << 10;

    /// <summary>TLPs on their way up to the root complex: the answers to <see cref="HostRequestsMax"/> requests, and messages.</summary>
    public const int UpwardBytesMax = 8 << 20;

    /// <summary>Messages on their way up to the root complex; more are dropped and counted.</summary>
    public const int UpwardMessagesMax = 64;

    /// <summary>Completions that one function sends before another on the same link has its turn.</summary>
    public const int CompletionsPerTurn = 8;

    /// <summary>Control messages to one box that wait for room on its link.</summary>
    public const int ControlBytesPerBoxMax = 64 << 10;

    /// <summary>What one box makes the bridge say to the operator in one second; the counters have it all.</summary>
    public const int ReportsPerBoxAndSecondMax = 16;

    /// <summary>Boxes that ask for a link and have another key or form.</summary>
    public const int MisfitsMax = 16;

    /// <summary>How long such a box is remembered, and shown, after its last word.</summary>
    public static readonly TimeSpan MisfitLife = TimeSpan.FromSeconds(60);

    /// <summary>How long it keeps its place against another: twice the longest pause between two attempts of a box.</summary>
    public static readonly TimeSpan MisfitHold = TimeSpan.FromSeconds(4);

    /// <summary>Such boxes that are reported within that time; anybody may pretend to be one.</summary>
    public const int MisfitReportsMax = 8;

    /// <summary>How long after its last announcement a second station of this bridge's identity counts as there; it announces about every second.</summary>
    public static readonly TimeSpan TwinLife = TimeSpan.FromSeconds(10);

    /// <summary>Non-posted requests of the host that wait while a slot is held for its box.</summary>
    public const int HeldRequestBytesMax = 64 << 10;

    /// <summary>
    /// How long a held slot waits for its function once the box has its link again, and then for the function to take what was written into it before.
    /// </summary>
    public static readonly TimeSpan ResumeTimeMax = TimeSpan.FromSeconds(10);

    /// <summary>How often the bridge looks at why a link does not come up.</summary>
    public static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>A box whose link has been down for this long may have to give its place to another.</summary>
    public const int BoxDownSecondsMin = 10;

    /// <summary>How long a slot stays visibly empty before a function is put into it anew, so that the host sees the removal.</summary>
    public const int EmptyMillisecondsMin = 1200;

    /// <summary>How long a slot waits for the host to notice a surprise removal before a function is put into it anew.</summary>
    public const int RemovalNoticeSecondsMax = 10;
}
