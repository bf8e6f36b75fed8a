namespace ExpEther.Daemon.Load;

/// <summary>What one load may ask of a host.</summary>
internal static class LoadLimits
{
    public const int MillisecondsMin = 10;
    public const int MillisecondsMax = 600_000;

    public const int MillisecondsDefault = 1000;

    /// <summary>Bytes of one read, unless asked otherwise.</summary>
    public const int BlockBytesDefault = 4096;

    /// <summary>How long a command that found no queue slot waits: the controller is being reset.</summary>
    public const int RetryMilliseconds = 1;
}
