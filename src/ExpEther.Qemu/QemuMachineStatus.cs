using ExpEther.Qemu.Qmp;

namespace ExpEther.Qemu;

/// <summary>A guest's QEMU, for people.</summary>
/// <param name="Qemu">What it said of itself; null: it is not there.</param>
/// <param name="IsRunning">Its guest runs, as far as QEMU said; false while it is paused, or not there.</param>
/// <param name="Slots">All of them, in the order of their numbers.</param>
public sealed record QemuMachineStatus(QmpPeer? Qemu, bool IsRunning, IReadOnlyList<QemuSlotStatus> Slots);
