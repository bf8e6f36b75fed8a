using ExpEther.Link.Ethernet;

namespace ExpEther.Daemon.Config;

/// <summary>A <c>[[host]]</c> of the host daemon: a host bridge, and the root complex embedded above it.</summary>
public sealed record EmbeddedHostConfig
{
    public required string Name { get; init; }

    public required VlanId Vlan { get; init; }

    public required MacAddress Mac { get; init; }

    public required byte[] Key { get; init; }

    public int Slots { get; init; } = 4;

    /// <summary>From the attention button to the removal, in which a second press cancels (PCIe 5.0 §6.7.1.5: 5 s).</summary>
    public TimeSpan AttentionDelay { get; init; } = TimeSpan.FromSeconds(5);

    public TimeSpan CompletionTimeout { get; init; } = TimeSpan.FromSeconds(1);

    public int MemoryBytes { get; init; } = 64 << 20;

    public ulong MemoryBase { get; init; }

    internal static EmbeddedHostConfig Read(ConfigSection section, bool isSealed)
    {
        var name = section.Name("name");
        var vlan = VlanConfig.Read(section);
        var embedded = section.Section("embedded");
        var memoryBase = embedded.Number<ulong>("memoryBase", 0, 1UL << 45, 0x1_0000_0000);
        if (memoryBase % (1 << 20) != 0)
        {
            embedded.Wrong("memoryBase", $"0x{memoryBase:x} is not a multiple of 1 MiB", "choose for example 0x1_0000_0000");
        }

        return new EmbeddedHostConfig
        {
            Name = name,
            Vlan = vlan,
            Mac = MacConfig.Read(section, MacConfig.OfHost(name, vlan)),
            Key = KeyMaterial.Read(section, isSealed),
            Slots = section.Number("slots", 1, ConfigLimits.SlotsMax, 4),
            AttentionDelay = TimeSpan.FromMilliseconds(section.Number("attentionDelayMs", 0, 60_000, 5000, "milliseconds")),
            CompletionTimeout = TimeSpan.FromMilliseconds(section.Number("completionTimeoutMs", 1, 60_000, 1000, "milliseconds")),
            MemoryBytes = embedded.Number("memoryMiB", 8, ConfigLimits.MemoryMebibytesMax, 64, "MiB") << 20,
            MemoryBase = memoryBase,
        };
    }
}
