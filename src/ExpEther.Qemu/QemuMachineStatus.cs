namespace ExpEther.Qemu;

/// <summary>A guest as its QEMU tells.</summary>
/// <param name="QemuVersion">Empty: there is no connection to its QMP.</param>
/// <param name="UsesKvm">Whether the guest runs under KVM.</param>
/// <param name="Interrupts">How interrupts go, as decided.</param>
/// <param name="Trouble">Why there is no connection, in words; empty: nothing is wrong.</param>
/// <param name="Slots">In order.</param>
public sealed record QemuMachineStatus(
    string QemuVersion, bool UsesKvm, QemuInterruptMode Interrupts, string Trouble, IReadOnlyList<QemuSlotStatus> Slots);
