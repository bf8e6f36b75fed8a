namespace ExpEther.Daemon.Config;

/// <summary>A <c>[[device]]</c> of an I/O box.</summary>
public sealed record DeviceConfig(string Name, string Serial, string Model, IReadOnlyList<NamespaceConfig> Namespaces)
{
    internal static DeviceConfig Read(ConfigSection section)
    {
        var name = section.Name("name");
        _ = section.Choice("kind", "nvme", "nvme");
        var isReadOnly = section.Flag("readOnly", false);
        var namespaces = section.Sections("namespace", ConfigLimits.NamespacesMax);
        if (namespaces.Count == 0)
        {
            section.Missing("namespace", "add [[device.namespace]] below it, with file = \"PATH\" or ramMiB = N");
        }

        return new DeviceConfig(
            name,
            Ascii(section, "serial", name, ConfigLimits.SerialCharsMax),
            Ascii(section, "model", "ExpEther NVMe", ConfigLimits.ModelCharsMax),
            [.. namespaces.Select(n => NamespaceConfig.Read(n, isReadOnly))]);
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
