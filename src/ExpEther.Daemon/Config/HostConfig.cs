namespace ExpEther.Daemon.Config;

/// <summary>The configuration of <c>expether host</c>: one machine's host bridges. docs/configuration.md has every key.</summary>
public sealed record HostConfig
{
    /// <summary>Of the daemon; the first host's unless given.</summary>
    public required string Name { get; init; }

    /// <summary>Whether the file gives <see cref="Name"/>.</summary>
    public bool IsNamed { get; init; }

    public required PortConfig Port { get; init; }

    public required LinkConfig Link { get; init; }

    /// <summary>The file it was read from, as it was named.</summary>
    public required string File { get; init; }

    /// <summary>Full path of the control socket; null: the default place.</summary>
    public string? Socket { get; init; }

    /// <summary>Full path of the folder in which it is kept which slot is whose; null: the default place.</summary>
    public string? StateDirectory { get; init; }

    public required IReadOnlyList<HostBridgeConfig> Hosts { get; init; }

    /// <exception cref="ConfigException">Every mistake of the file.</exception>
    public static HostConfig Load(string file) => Read(ConfigDocument.Load(file));

    /// <exception cref="ConfigException">Every mistake of the text.</exception>
    public static HostConfig Parse(string file, string text) => Read(ConfigDocument.Parse(file, text));

    private static HostConfig Read(ConfigDocument document)
    {
        var root = document.Root;
        var link = LinkConfig.Read(root.Section("link"));
        var sections = root.Sections("host", ConfigLimits.HostsMax);
        var hosts = sections.Select(h => HostBridgeConfig.Read(h, link.Sealed)).ToList();
        if (hosts.Count == 0)
        {
            root.Missing("host", "add [[host]] with name = \"host1\" and vlan = 101");
        }

        var config = new HostConfig
        {
            Name = root.Name("name", hosts.Count > 0 ? hosts[0].Name : "host"),
            IsNamed = root.Has("name"),
            File = document.File,
            Port = PortConfig.Read(root.Section("port")),
            Link = link,
            Socket = root.FullPath("socket"),
            StateDirectory = root.FullPath("stateDirectory"),
            Hosts = hosts,
        };
        Uniqueness.Check(sections, hosts, "name", h => h.Name);
        Uniqueness.Check(sections, hosts, "mac", h => h.Mac);
        document.ThrowIfWrong();
        return config;
    }
}
