namespace ExpEther.Cli.Guests;

/// <summary>
/// QEMU's command line of a guest: a plain q35 with nothing but memory that can be shared, serial ports, monitors, and a PCIe switch (x3130-upstream,
/// xio3130-downstream) whose ports are the slots of the host bridge. QEMU's documentation calls each option so; lab/README.md says why each is there.
/// </summary>
internal static class GuestCommandLine
{
    /// <summary>Numbers that no other port of the machine has; QEMU wants the pair of chassis and slot to be unique.</summary>
    private const int FirstChassis = 10;

    public static IReadOnlyList<string> Of(GuestOptions guest)
    {
        List<string> line =
        [
            guest.Assets.Qemu, "-name", guest.Name, "-nodefaults", "-no-user-config", "-display", "none",
            "-machine", $"q35,accel={guest.Accel},memory-backend=mem", "-cpu", guest.Accel == "kvm" ? "host" : "max", "-smp", "1",
            "-m", $"{guest.MemoryMebibytes}M",
            // The host bridge maps this memory; without share=on, QEMU would have to be asked for every byte.
            "-object", $"memory-backend-memfd,id=mem,size={guest.MemoryMebibytes}M,share=on",
        ];
        line.AddRange(Serial("console", guest.ConsoleSocket, $",logfile={guest.ConsoleLog},logappend=on"));
        line.AddRange(Serial("shell", guest.ShellSocket, ""));
        line.AddRange(Monitor("expether", guest.BridgeMonitorSocket));
        line.AddRange(Monitor("lab", guest.LabMonitorSocket));
        if (guest.HasKernel)
        {
            line.AddRange(["-kernel", guest.Assets.Kernel, "-initrd", guest.Assets.Initramfs, "-append", KernelLine(guest)]);
        }

        line.AddRange(["-device", "pcie-root-port,id=expether-root,bus=pcie.0,chassis=1,slot=1,addr=0x10"]);
        line.AddRange(["-device", "x3130-upstream,id=expether-switch,bus=expether-root"]);
        for (var port = 1; port <= guest.Ports; port++)
        {
            line.AddRange(["-device", $"xio3130-downstream,id={PortOf(port)},bus=expether-switch,chassis={FirstChassis + port},slot={FirstChassis + port}"]);
        }

        if (guest.IsNativeHotplug)
        {
            line.AddRange(["-global", "ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off"]);
        }

        return [.. line, .. guest.More];
    }

    /// <summary>The bus that a function in a slot is plugged into.</summary>
    /// <param name="slot">From 1.</param>
    public static string PortOf(int slot) => $"expether-port{slot}";

    private static string KernelLine(GuestOptions guest) =>
        $"console=ttyS0 quiet panic=-1 mitigations=off nokaslr no_timer_check cryptomgr.notests=1 name={guest.Name}"
        + (guest.Root is { } root ? $" root={root}" : "");

    private static string[] Serial(string id, string socket, string more) =>
        ["-chardev", $"socket,id={id},path={socket},server=on,wait=off{more}", "-serial", $"chardev:{id}"];

    private static string[] Monitor(string id, string socket) =>
        ["-chardev", $"socket,id={id},path={socket},server=on,wait=off", "-mon", $"chardev={id},mode=control"];
}
