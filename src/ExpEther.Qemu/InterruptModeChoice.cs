namespace ExpEther.Qemu;

/// <summary>
/// What <see cref="InterruptMode.Auto"/> stands for: messages, whatever version and accelerator QEMU reports.
/// <para>
/// QEMU up to 11.1.3, the newest that was tried, aborts at device_del of any vfio-user device whose MSI-X it manages
/// (memory_region_del_subregion: Assertion 'subregion->container == mr'): its vfio-user-pci undoes MSI-X only when the object is freed, by when the memory
/// regions are taken apart. With KVM an eventfd would spare QEMU's main thread one wake-up per interrupt, which is no reason to risk
/// a guest. Once a version is known to be repaired, here is where version and KVM are to be looked at.
/// </para>
/// </summary>
internal static class InterruptModeChoice
{
    public static InterruptMode Of(InterruptMode asked) => asked == InterruptMode.Auto ? InterruptMode.Message : asked;
}
