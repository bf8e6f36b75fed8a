namespace ExpEther.Cli.Guests;

/// <summary>Sizes and times of guests.</summary>
internal static class GuestLimits
{
    public const int MemoryMebibytesDefault = 256;
    public const int MemoryMebibytesMin = 192;
    public const int MemoryMebibytesMax = 64 << 10;

    /// <summary>Hot-plug ports of a guest's PCIe switch.</summary>
    public const int PortsMax = 8;

    /// <summary>Within which a guest's agent must answer: an emulated guest boots in seconds, several on a busy machine take their time.</summary>
    public const int BootSeconds = 180;

    /// <summary>Between two questions to an agent that does not answer yet.</summary>
    public const int PingMilliseconds = 250;

    /// <summary>What <c>lab status</c> waits for a guest.</summary>
    public const int AnswerSeconds = 10;

    /// <summary>A line of the agent's; it makes them of at most 4096 bytes.</summary>
    public const int LineBytesMax = 8192;

    /// <summary>A command for the agent, before its base64.</summary>
    public const int CommandBytesMax = 16 << 10;

    /// <summary>Of what a command printed where all of it is kept.</summary>
    public const int OutputBytesMax = 4 << 20;

    /// <summary>Within which QEMU must answer its monitor.</summary>
    public const int MonitorSeconds = 10;
}
