namespace ExpEther.RootComplex.Config;

/// <summary>How a configuration request ended.</summary>
public enum ConfigStatus : byte
{
    Success,

    /// <summary>Nobody there, or not supported: reads give all-ones.</summary>
    UnsupportedRequest,

    /// <summary>CRS: the function is still initialising; ask again (PCIe 5.0 §2.3.1).</summary>
    RetryStatus,
    CompleterAbort,

    /// <summary>No completion in time: reads give all-ones.</summary>
    TimedOut,
}
