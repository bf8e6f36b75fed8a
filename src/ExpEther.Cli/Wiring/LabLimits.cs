namespace ExpEther.Cli.Wiring;

/// <summary>Times and sizes of what a laboratory of processes is made of.</summary>
internal static class LabLimits
{
    /// <summary>A step in which nothing moves for so long has failed.</summary>
    public const int StallSeconds = 20;

    /// <summary>Within which daemons must be ready.</summary>
    public const int StartSeconds = 20;

    /// <summary>What a process gets to leave by itself once it was asked to.</summary>
    public const int EndSeconds = 3;

    public const int MtuBytes = 1500;
    public const int JumboMtuBytes = 9000;
}
