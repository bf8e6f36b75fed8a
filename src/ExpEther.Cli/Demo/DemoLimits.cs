namespace ExpEther.Cli.Demo;

/// <summary>Sizes and times of the demo. A cut cable must end it within 45 s: the longest wait without any progress is well below.</summary>
internal static class DemoLimits
{
    public const long DiskBytesMax = 1L << 30;
    public const int DisksMax = 8;
    public const int HostsMin = 2;
    public const int HostsMax = 16;

    /// <summary>Each host's private namespace.</summary>
    public const int PrivateBytes = 8 << 20;

    /// <summary>Of the pool, beside the private namespaces: its table.</summary>
    public const int PoolSpareBytes = 16 << 20;

    /// <summary>More shared data than this, counted once for each host, goes over jumbo frames unless the user chose an MTU.</summary>
    public const long JumboAboveBytes = 128L << 20;

    /// <summary>Free space to leave in the temporary folder.</summary>
    public const long SpareBytes = 64L << 20;

    public const int LinkDeadSeconds = 10;
    public const int ReleaseTimeoutMs = 12_000;
    public const int AttentionDelayMs = 20;

    /// <summary>One read of the load that runs during the move.</summary>
    public const int LoadBytes = 64 << 10;
}
