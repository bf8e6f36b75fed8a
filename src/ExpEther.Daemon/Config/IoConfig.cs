using ExpEther.Link.Ethernet;

namespace ExpEther.Daemon.Config;

/// <summary>The configuration of <c>expether io</c>; docs/configuration.md has every key.</summary>
public sealed record IoConfig
{
    public required string Name { get; init; }

    public required MacAddress Mac { get; init; }

    public required PortConfig Port { get; init; }

    public required LinkConfig Link { get; init; }

    /// <summary>The file it was read from, as it was named.</summary>
    public required string File { get; init; }

    /// <summary>Full path of the control socket; null: the default place.</summary>
    public string? Socket { get; init; }

    /// <summary>Full path of the folder in which ownership is kept; null: the default place.</summary>
    public string? StateDirectory { get; init; }

    public required TimeSpan ReleaseTimeout { get; init; }

    public required IReadOnlyList<KnownHostConfig> Hosts { get; init; }

    public required IReadOnlyList<DeviceConfig> Devices { get; init; }

    /// <exception cref="ConfigException">Every mistake of the file.</exception>
    public static IoConfig Load(string file) => Read(ConfigDocument.Load(file));

    /// <exception cref="ConfigException">Every mistake of the text.</exception>
    public static IoConfig Parse(string file, string text) => Read(ConfigDocument.Parse(file, text));

    private static IoConfig Read(ConfigDocument document)
    {
        var root = document.Root;
        var name = root.Name("name", "io");
        var link = LinkConfig.Read(root.Section("link"));
        var hosts = root.Sections("host", ConfigLimits.HostsMax);
        var devices = root.Sections("device", ConfigLimits.DevicesMax);
        var config = new IoConfig
        {
            Name = name,
            File = document.File,
            Mac = MacConfig.Read(root, root.Has("name") ? MacConfig.OfBox(name) : MacConfig.OfNamelessBox(name, MachineIdentity.Text)),
            Port = PortConfig.Read(root.Section("port")),
            Link = link,
            Socket = root.FullPath("socket"),
            StateDirectory = root.FullPath("stateDirectory"),
            ReleaseTimeout = TimeSpan.FromMilliseconds(root.Number("releaseTimeoutMs", 100, 3_600_000, 60_000, "milliseconds")),
            Hosts = [.. hosts.Select(h => KnownHostConfig.Read(h, link.Sealed))],
            Devices = [.. devices.Select(DeviceConfig.Read)],
        };
        if (devices.Count == 0)
        {
            root.Missing("device", "add [[device]] with name = \"disk1\", and [[device.namespace]] below it");
        }

        Uniqueness.Check(hosts, config.Hosts, "name", h => h.Name);
        Uniqueness.Check(hosts, config.Hosts, "mac", h => (h.Mac, h.Vlan));
        Uniqueness.Check(devices, config.Devices, "name", d => d.Name);
        Uniqueness.Check(devices, config.Devices, "serial", d => d.Serial);
        for (var i = 0; i < devices.Count; i++)
        {
            if (config.Devices.FirstOrDefault(d => d.Vfs > 0 && config.Devices[i].Name.StartsWith($"{d.Name}.vf", StringComparison.Ordinal)) is { } shared)
            {
                devices[i].Wrong("name", $"could be that of a virtual function of '{shared.Name}'", "name it otherwise");
            }
        }
        document.ThrowIfWrong();
        return config;
    }
}
