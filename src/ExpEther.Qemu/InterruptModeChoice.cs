using ExpEther.Qemu.Qmp;

namespace ExpEther.Qemu;

/// <summary>
/// What <see cref="InterruptMode.Auto"/> stands for with the client that is there.
/// <para>
/// A client without QEMU's monitor, or that is another process than the monitor's, gets events: they are all that the protocol has for a client that is
/// no virtual machine's monitor with an interrupt controller in its memory (SPDK's, libvfio-user's own). QEMU gets them where the guest runs
/// under KVM, which waits for them without QEMU, and where QEMU is known to survive them; else messages.
/// </para>
/// <para>
/// QEMU up to 11.1.3, the newest that was tried, aborts at device_del of any vfio-user device whose MSI-X it manages
/// (memory_region_del_subregion: Assertion 'subregion->container == mr'): its vfio-user-pci undoes MSI-X only when the object is freed, by when the memory
/// regions are taken apart. No version is known to be repaired yet, and a wake-up saved is no reason to risk a guest. Without a monitor
/// the bridge never asks for a device_del.
/// </para>
/// </summary>
/// <param name="repairedFrom">The first version that is known to survive; null: none.</param>
internal sealed class InterruptModeChoice(QemuVersion? repairedFrom)
{
    /// <summary>By what is known.</summary>
    public static InterruptModeChoice Known { get; } = new(repairedFrom: null);

    /// <param name="asked">As the configuration asks for.</param>
    /// <param name="monitor">Whose monitor there is.</param>
    /// <param name="qemu">What QEMU said of itself; null: it has said nothing yet, as when a guest boots from a function at once.</param>
    public InterruptChoice Of(InterruptMode asked, MonitorOwner monitor, QmpPeer? qemu) => (asked, monitor) switch
    {
        (not InterruptMode.Auto, _) => new InterruptChoice(asked, "as configured"),
        (_, MonitorOwner.None) => new InterruptChoice(InterruptMode.EventFd, "no QMP monitor"),
        (_, MonitorOwner.Another) => new InterruptChoice(InterruptMode.EventFd, "not the QEMU of the monitor"),
        _ when repairedFrom is { } first && qemu is { UsesKvm: true } && qemu.Version.CompareTo(first) >= 0
            => new InterruptChoice(InterruptMode.EventFd, $"QEMU {qemu.Version} with KVM"),
        _ => new InterruptChoice(InterruptMode.Message, qemu is null ? "a QEMU that starts" : $"QEMU {qemu.Version}"),
    };
}
