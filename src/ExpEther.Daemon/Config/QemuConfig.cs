using System.Globalization;
using ExpEther.Daemon.Control;
using ExpEther.Qemu;

namespace ExpEther.Daemon.Config;

/// <summary>The <c>[host.qemu]</c> table: the host is a guest of QEMU.</summary>
public sealed record QemuConfig
{
    private const string NoMonitor = "none";

    /// <summary>Where the slots' sockets are made; null: a folder of the host's name beside the control socket.</summary>
    public string? Sockets { get; init; }

    /// <summary>The socket on which QEMU listens for QMP; null: <c>qmp.sock</c> in the folder of the slots' sockets.</summary>
    public string? Qmp { get; init; }

    /// <summary>False: the slots' clients have no monitor.</summary>
    public bool HasQmp { get; init; } = true;

    /// <summary>QEMU's names of the ports to plug into, one for each slot.</summary>
    public required IReadOnlyList<string> Ports { get; init; }

    public InterruptMode Interrupts { get; init; }

    public MigrationMode Migration { get; init; }

    /// <summary>A user's name or number, whose the sockets are to be; null: the daemon's.</summary>
    public string? Owner { get; init; }

    /// <summary>A group's name or number; null: the daemon's.</summary>
    public string? Group { get; init; }

    public UnixFileMode Mode { get; init; } = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>How long a guest has to let a function go.</summary>
    public TimeSpan UnplugTimeout { get; init; } = TimeSpan.FromSeconds(10);

    internal static QemuConfig Read(ConfigSection section, int slots)
    {
        var ports = section.Texts("ports", ConfigLimits.SlotsMax);
        if (ports.Count > 0 && (ports.Count != slots || ports.Distinct().Count() != slots || ports.Any(p => p.Length is 0 or > ConfigLimits.PortIdCharsMax)))
        {
            section.Wrong(
                "ports", $"has {ports.Distinct().Count()} different names for {slots} slots",
                $"name one port for each slot, by its id in QEMU: [\"{QemuNames.PortOf(1)}\", ...], or set slots");
            ports = [];
        }

        var sockets = section.FullPath("sockets");
        CheckLength(section, "sockets", sockets, QemuNames.SocketOf(slots));
        var hasQmp = section.Text("qmp") != NoMonitor;
        var qmp = hasQmp ? section.FullPath("qmp") : null;
        CheckLength(section, "qmp", qmp, "");
        var migration = section.Choice("migration", "stop", "stop", "follow") == "follow" ? MigrationMode.Follow : MigrationMode.Stop;
        if (!hasQmp && migration == MigrationMode.Follow)
        {
            section.Wrong("migration", "needs QEMU's monitor, which tells of migrations, and qmp is \"none\"", "leave out one of the two");
        }

        return new QemuConfig
        {
            Sockets = sockets,
            Qmp = qmp,
            HasQmp = hasQmp,
            Ports = ports.Count > 0 ? ports : [.. Enumerable.Range(1, slots).Select(QemuNames.PortOf)],
            Interrupts = section.Choice("interrupts", "auto", "auto", "message", "eventfd") switch
            {
                "message" => InterruptMode.Message,
                "eventfd" => InterruptMode.EventFd,
                _ => InterruptMode.Auto,
            },
            Migration = migration,
            Owner = section.Text("owner", null, ConfigLimits.NameCharsMax),
            Group = section.Text("group", null, ConfigLimits.NameCharsMax),
            Mode = ReadMode(section),
            UnplugTimeout = TimeSpan.FromMilliseconds(section.Number("unplugTimeoutMs", 100, 600_000, 10_000, "milliseconds")),
        };
    }

    private static void CheckLength(ConfigSection section, string key, string? path, string file)
    {
        if (path is not null && System.Text.Encoding.UTF8.GetByteCount(Path.Combine(path, file)) > ControlPaths.PathBytesMax)
        {
            section.Wrong(key, $"makes paths of more than {ControlPaths.PathBytesMax} bytes, which a socket cannot have", "choose a shorter path");
        }
    }

    private static UnixFileMode ReadMode(ConfigSection section)
    {
        const UnixFileMode Default = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        if (section.Text("mode", null, 4) is not { } text)
        {
            return Default;
        }

        try
        {
            var mode = Convert.ToInt32(text, 8);
            if (text.All(char.IsAsciiDigit) && mode is > 0 and <= 0x1FF)
            {
                return (UnixFileMode)mode;
            }
        }
        catch (FormatException)
        {
        }

        section.Wrong("mode", string.Create(CultureInfo.InvariantCulture, $"\"{text}\" is no file mode"), "write octal digits in quotes, for example \"0660\"");
        return Default;
    }
}
