namespace ExpEther.Daemon.Config;

/// <summary>A <c>[[device]]</c> of an I/O box.</summary>
/// <param name="Name">Of the device, and of its only function where it has one.</param>
/// <param name="Serial">NVMe serial number.</param>
/// <param name="Model">NVMe model number.</param>
/// <param name="Namespaces">With virtual functions these are shared by all hosts.</param>
/// <param name="Vfs">Virtual functions (SR-IOV); 0: a conventional device with one function.</param>
/// <param name="QueuesPerVf">I/O queue pairs of each virtual function.</param>
/// <param name="Pool">Where the hosts' private namespaces are cut from; null: there are none.</param>
public sealed record DeviceConfig(
    string Name, string Serial, string Model, IReadOnlyList<NamespaceConfig> Namespaces, int Vfs = 0, int QueuesPerVf = ConfigLimits.QueuesPerVfDefault,
    BackingConfig? Pool = null)
{
    /// <summary>Of its namespaces and its pool.</summary>
    public IEnumerable<string> Files => Namespaces.Append<BackingConfig?>(Pool).OfType<BackingConfig>().Select(b => b.File).Where(f => f.Length > 0);

    internal static DeviceConfig Read(ConfigSection section)
    {
        var name = section.Name("name");
        _ = section.Choice("kind", "nvme", "nvme");
        // A wrong number is told once: what goes with virtual functions is read as if it were right.
        var vfs = section.Number("vfs", 0, ConfigLimits.VfsMax, section.Has("vfs") ? 1 : 0, hasDefault: false);
        var queues = section.Number("queuesPerVf", 1, ConfigLimits.QueuesPerVfMax, ConfigLimits.QueuesPerVfDefault);
        var isReadOnly = section.Flag("readOnly", false);
        var namespaces = section.Sections("namespace", ConfigLimits.NamespacesMax);
        var pool = section.Has("pool") ? BackingConfig.Read(section.Section("pool")) : null;
        if (vfs == 0)
        {
            OnlyWithVfs(section, "pool");
            OnlyWithVfs(section, "queuesPerVf");
        }
        else if (section.Has("readOnly"))
        {
            section.Wrong("readOnly", "is not for a device with virtual functions: what its hosts share is read-only as it is", "remove it");
        }

        if (namespaces.Count == 0 && pool is null)
        {
            section.Missing(
                "namespace", vfs == 0
                    ? "add [[device.namespace]] below it, with file = \"PATH\" or ramMiB = N"
                    : "add [device.pool] below it for private namespaces, or [[device.namespace]] for shared ones, with file = \"PATH\" or ramMiB = N");
        }

        return new DeviceConfig(
            name,
            Ascii(section, "serial", name, ConfigLimits.SerialCharsMax),
            Ascii(section, "model", "ExpEther NVMe", ConfigLimits.ModelCharsMax),
            [.. namespaces.Select(n => NamespaceConfig.Read(n, isReadOnly, vfs > 0))],
            vfs,
            queues,
            pool);
    }

    private static void OnlyWithVfs(ConfigSection section, string key)
    {
        if (section.Has(key))
        {
            section.Wrong(key, "is only for a device with virtual functions", "add vfs = N (1 to 64) to share the device, or remove it");
        }
    }

    /// <summary>NVMe identify strings are ASCII of a fixed length (NVMe 1.4 §1.5).</summary>
    private static string Ascii(ConfigSection section, string key, string fallback, int charsMax)
    {
        var text = section.Text(key, null, charsMax);
        if (text is null)
        {
            return fallback.Length <= charsMax ? fallback : fallback[..charsMax];
        }

        if (text.Any(c => c is < ' ' or > '~'))
        {
            section.Wrong(key, "has characters that are not printable ASCII", $"write up to {charsMax} ASCII characters");
        }

        return text;
    }
}
