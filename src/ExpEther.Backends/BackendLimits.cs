namespace ExpEther.Backends;

/// <summary>Every bound of this project.</summary>
public static class BackendLimits
{
    /// <summary>Requests of one backend that are not taken back as completions: a power of two.</summary>
    public const int RequestsMax = 1024;

    /// <summary>Requests of one file that are carried out at once by io_uring: a power of two.</summary>
    public const int RingRequestsMax = 128;

    /// <summary>Threads of one file where there is no io_uring: so many requests are carried out at once.</summary>
    public const int WorkersPerFile = 4;

    /// <summary>Requests that a worker has: the one it carries out, and the next. A power of two.</summary>
    public const int RequestsPerWorkerMax = 2;

    /// <summary>What is written at once where zeroes must be written.</summary>
    public const int ZeroBytesMax = 1 << 20;

    /// <summary>What is moved at once through memory that direct I/O can use, where a request's own cannot.</summary>
    public const int BounceBytes = 256 << 10;

    /// <summary>Requests of one file that are moved so at once by io_uring; each worker has its own.</summary>
    public const int BouncesMax = 4;

    /// <summary>The longest single request.</summary>
    public const int RequestBytesMax = 1 << 26;

    /// <summary>The largest RAM backend.</summary>
    public const long RamBytesMax = 1L << 40;
}
