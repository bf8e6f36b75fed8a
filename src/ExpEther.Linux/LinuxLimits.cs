namespace ExpEther.Linux;

/// <summary>Every bound of this project.</summary>
public static class LinuxLimits
{
    /// <summary>File descriptors of one <see cref="Polling.Poller"/>.</summary>
    public const int PolledDescriptorsMax = 1024;

    /// <summary><c>sun_path</c> holds 108 bytes, one of them the closing zero (unix(7)).</summary>
    public const int UnixPathBytesMax = 107;

    /// <summary>Descriptors received with one message.</summary>
    public const int ReceivedDescriptorsMax = 16;

    /// <summary>Connections that wait to be accepted.</summary>
    public const int UnixBacklogMax = 64;
}
