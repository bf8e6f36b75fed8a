using ExpEther.Qemu.Qmp;

namespace ExpEther.Qemu;

/// <summary>
/// What <see cref="InterruptMode.Auto"/> stands for with the QEMU that is there: events where the guest runs under KVM, which waits for them without
/// QEMU, and QEMU is known to survive them; else messages.
/// <para>
/// QEMU up to 11.1.3, the newest that was tried, aborts at device_del of any vfio-user device whose MSI-X it manages
/// (memory_region_del_subregion: Assertion 'subregion->container == mr'): its vfio-user-pci undoes MSI-X only when the object is freed, by when the memory
/// regions are taken apart. No version is known to be repaired yet, and a wake-up saved is no reason to risk a guest.
/// </para>
/// </summary>
/// <param name="repairedFrom">The first version that is known to survive; null: none.</param>
internal sealed class InterruptModeChoice(QemuVersion? repairedFrom)
{
    /// <summary>By what is known.</summary>
    public static InterruptModeChoice Known { get; } = new(repairedFrom: null);

    /// <param name="asked">As the configuration asks for.</param>
    /// <param name="qemu">What QEMU said of itself; null: its monitor is not connected, as when a guest boots from a function at once.</param>
    public InterruptMode Of(InterruptMode asked, QmpPeer? qemu) => asked != InterruptMode.Auto ? asked
        : repairedFrom is { } first && qemu is { UsesKvm: true } && qemu.Version.CompareTo(first) >= 0 ? InterruptMode.EventFd
        : InterruptMode.Message;
}
