namespace ExpEther.Backends;

/// <summary>Every bound of this project.</summary>
public static class BackendLimits
{
    /// <summary>Requests of one backend that are not taken back as completions: a power of two.</summary>
    public const int RequestsMax = 1024;

    /// <summary>The longest single request.</summary>
    public const int RequestBytesMax = 1 << 26;

    /// <summary>The largest RAM backend.</summary>
    public const long RamBytesMax = 1L << 40;
}
