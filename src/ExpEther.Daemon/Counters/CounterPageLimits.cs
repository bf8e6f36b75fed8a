namespace ExpEther.Daemon.Counters;

/// <summary>How large a counter page may be.</summary>
public static class CounterPageLimits
{
    /// <summary>More entries than these are left out, and the page says so. A full box of 256 functions has about a quarter of it.</summary>
    public const int EntriesMax = 32_768;

    public const int PathBytesMax = 256;

    /// <summary>A longer label is cut.</summary>
    public const int TextBytesMax = 256;

    /// <summary>A reader refuses a larger file unread.</summary>
    public const int FileBytesMax = 32 * 1024 * 1024;

    /// <summary>How deep a path may be: lists and objects in each other.</summary>
    public const int PathDepthMax = 8;

    /// <summary>
    /// How often a reader tries to get a snapshot before it gives up. One fails only when its reader was kept off the processor for longer
    /// than the time between two publications.
    /// </summary>
    public const int ReadAttemptsMax = 100;
}
