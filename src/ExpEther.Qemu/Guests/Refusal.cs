namespace ExpEther.Qemu.Guests;

/// <summary>
/// What QEMU's refusals of a device mean; it has one class of error for all of them, so its words are all there is to go by. They are those of QEMU
/// 11.1.3: of qdev_device_add, of PCI, of the vIOMMUs.
/// </summary>
internal static class Refusal
{
    private const string NoHotPlug = "does not support hotplugging";
    private const string NoBus = "' not found";
    private const string NoDriver = "not a valid device model";
    private const string Occupied = "already occupied";
    private const string Duplicate = "Duplicate device ID";
    private const string CachingMode = "caching mode";
    private const string NoSocket = "Failed to connect";
    private const string BeingUnplugged = "process of unplug";
    private const string Migrating = "while migrating";

    /// <summary>It stays so for as long as this QEMU runs.</summary>
    public static bool IsFinal(string words) =>
        IsNoBus(words) || Has(words, NoHotPlug) || Has(words, NoDriver);

    /// <summary>Of device_del: the guest has been asked already, which is as good as yes.</summary>
    public static bool IsAskedAlready(string words) => Has(words, BeingUnplugged);

    /// <summary>What a user can do.</summary>
    /// <param name="words">QEMU's.</param>
    /// <param name="port">The id of the port.</param>
    /// <param name="device">The id that a slot's device should have.</param>
    public static string RemedyFor(string words, string port, string device) =>
        Has(words, NoHotPlug)
            ? $"{port} takes no hot-plug: give the guest a pcie-root-port or xio3130-downstream of that id, without hotplug=off (pcie.0 itself takes none)"
        : IsNoBus(words) ? $"give the guest a port with id={port}, or name its port in the configuration"
        : Has(words, NoDriver) ? "QEMU 10.1 or newer is needed, with vfio-user"
        : Has(words, Occupied) ? $"something else sits in port {port}: take it out, or give it the id {device} if it is ours"
        : Has(words, Duplicate) ? $"another device has the id {device}: delete it, or give it another id"
        : Has(words, CachingMode) ? "write caching-mode=on at -device intel-iommu, or give the guest no vIOMMU"
        : Has(words, NoSocket) ? "may QEMU's user use the slot's socket (owner, group, mode of [host.qemu], AppArmor, SELinux)? It is tried again"
        : Has(words, Migrating) ? "it is tried again when the migration has ended"
        : "it is tried again";

    private static bool IsNoBus(string words) => words.StartsWith("Bus '", StringComparison.Ordinal) && Has(words, NoBus);

    private static bool Has(string words, string part) => words.Contains(part, StringComparison.Ordinal);
}
