namespace ExpEther.Daemon.Config;

/// <summary>The <c>[host.embedded]</c> table: the root complex inside the daemon.</summary>
public sealed record EmbeddedConfig
{
    public int MemoryBytes { get; init; } = 64 << 20;

    public ulong MemoryBase { get; init; }

    internal static EmbeddedConfig Read(ConfigSection section)
    {
        var memoryBase = section.Number<ulong>("memoryBase", 0, 1UL << 45, 0x1_0000_0000);
        if (memoryBase % (1 << 20) != 0)
        {
            section.Wrong("memoryBase", $"0x{memoryBase:x} is not a multiple of 1 MiB", "choose for example 0x1_0000_0000");
        }

        return new EmbeddedConfig
        {
            MemoryBytes = section.Number("memoryMiB", 8, ConfigLimits.MemoryMebibytesMax, 64, "MiB") << 20,
            MemoryBase = memoryBase,
        };
    }
}
