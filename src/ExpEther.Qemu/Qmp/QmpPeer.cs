namespace ExpEther.Qemu.Qmp;

/// <summary>What a QEMU said of itself when it was connected.</summary>
/// <param name="Version">Of its greeting.</param>
/// <param name="UsesKvm">query-kvm: enabled.</param>
/// <param name="IsRunning">query-status: its guest is not paused.</param>
/// <param name="IsSuspended">query-status: its guest sleeps (ACPI S3).</param>
/// <param name="IsIncoming">query-status: its guest's state is still to come in.</param>
public sealed record QmpPeer(QemuVersion Version, bool UsesKvm, bool IsRunning, bool IsSuspended = false, bool IsIncoming = false);
