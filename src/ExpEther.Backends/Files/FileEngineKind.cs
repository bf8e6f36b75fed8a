namespace ExpEther.Backends.Files;

/// <summary>How a file's requests are carried out.</summary>
public enum FileEngineKind
{
    /// <summary>io_uring where the kernel allows it, else workers.</summary>
    Automatic,

    /// <summary>io_uring, polled by the owner; <see cref="BackendException"/> where there is none.</summary>
    IoUring,

    /// <summary>A few threads with blocking calls.</summary>
    Workers,
}
