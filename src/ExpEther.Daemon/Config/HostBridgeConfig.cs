using ExpEther.Link.Ethernet;

namespace ExpEther.Daemon.Config;

/// <summary>A <c>[[host]]</c> of the host daemon: a host bridge, and what is above it: an embedded root complex, or a guest of QEMU.</summary>
public sealed record HostBridgeConfig
{
    public required string Name { get; init; }

    public required VlanId Vlan { get; init; }

    public required MacAddress Mac { get; init; }

    public required byte[] Key { get; init; }

    public int Slots { get; init; } = 4;

    /// <summary>
    /// From the attention button to the removal, in which a second press cancels (PCIe 5.0 §6.7.1.5: 5 s). Not for a guest, whose own hot-plug
    /// has its own.
    /// </summary>
    public TimeSpan AttentionDelay { get; init; } = TimeSpan.FromSeconds(5);

    public TimeSpan CompletionTimeout { get; init; } = TimeSpan.FromSeconds(1);

    public EmbeddedConfig Embedded { get; init; } = new();

    /// <summary>Null: the root complex is embedded.</summary>
    public QemuConfig? Qemu { get; init; }

    internal static HostBridgeConfig Read(ConfigSection section, bool isSealed)
    {
        var name = section.Name("name");
        var vlan = VlanConfig.Read(section);
        var slots = section.Number("slots", 1, ConfigLimits.SlotsMax, 4);
        var isGuest = section.Has("qemu");
        var config = new HostBridgeConfig
        {
            Name = name,
            Vlan = vlan,
            Mac = MacConfig.Read(section, MacConfig.OfHost(name, vlan)),
            Key = KeyMaterial.Read(section, isSealed),
            Slots = slots,
            AttentionDelay = TimeSpan.FromMilliseconds(section.Number("attentionDelayMs", 0, 60_000, 5000, "milliseconds")),
            CompletionTimeout = TimeSpan.FromMilliseconds(
                section.Number(
                    "completionTimeoutMs", 1, isGuest ? ConfigLimits.GuestCompletionMillisecondsMax : 60_000,
                    isGuest ? ConfigLimits.GuestCompletionMilliseconds : 1000, "milliseconds")),
            Embedded = EmbeddedConfig.Read(section.Section("embedded")),
            Qemu = isGuest ? QemuConfig.Read(section.Section("qemu"), slots) : null,
        };
        if (isGuest)
        {
            foreach (var key in (ReadOnlySpan<string>)["embedded", "attentionDelayMs"])
            {
                if (section.Has(key))
                {
                    section.Wrong(key, "belongs to an embedded host, and this one has [host.qemu]", "remove one of them");
                }
            }
        }

        return config;
    }
}
