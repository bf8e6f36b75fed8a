namespace ExpEther.Cli.Guests;

/// <summary>How a guest is made.</summary>
internal sealed record GuestOptions
{
    public required string Name { get; init; }

    /// <summary>A folder of its own: its sockets, and the log of its console.</summary>
    public required string Folder { get; init; }

    public required GuestAssets Assets { get; init; }

    /// <summary><c>kvm</c> or <c>tcg</c>.</summary>
    public required string Accel { get; init; }

    public int MemoryMebibytes { get; init; } = GuestLimits.MemoryMebibytesDefault;

    /// <summary>Hot-plug ports of its PCIe switch: <c>expether-port1</c> and on, one for each slot of its host bridge.</summary>
    public int Ports { get; init; } = 2;

    /// <summary>Linux's own pciehp instead of ACPI's hot-plug: slower, as on real machines.</summary>
    public bool IsNativeHotplug { get; init; }

    /// <summary>From the kernel and initramfs of the assets; false: the firmware looks for a disk that boots.</summary>
    public bool HasKernel { get; init; } = true;

    /// <summary>Where the root file system is, for a guest with a kernel: <c>/dev/nvme0n1</c>; null: it stays in memory.</summary>
    public string? Root { get; init; }

    /// <summary>More devices and options of QEMU's.</summary>
    public IReadOnlyList<string> More { get; init; } = [];

    /// <summary>Of people, and of the kernel's messages.</summary>
    public string ConsoleSocket => Path.Combine(Folder, "console.sock");

    /// <summary>All that the console ever said.</summary>
    public string ConsoleLog => Path.Combine(Folder, "console.log");

    /// <summary>Of the agent that runs commands.</summary>
    public string ShellSocket => Path.Combine(Folder, "shell.sock");

    /// <summary>Of QEMU's monitor, for the host bridge alone.</summary>
    public string BridgeMonitorSocket => Path.Combine(Folder, "qmp.sock");

    /// <summary>Of QEMU's monitor, for the laboratory.</summary>
    public string LabMonitorSocket => Path.Combine(Folder, "monitor.sock");

    /// <summary>Where the host bridge listens for the functions of the slots.</summary>
    public string SlotFolder => Path.Combine(Folder, "slots");
}
