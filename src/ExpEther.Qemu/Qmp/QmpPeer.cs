namespace ExpEther.Qemu.Qmp;

/// <summary>What a QEMU said of itself when it was connected.</summary>
/// <param name="Version">Of its greeting.</param>
/// <param name="UsesKvm">query-kvm: enabled.</param>
/// <param name="IsRunning">query-status: its guest is not paused.</param>
public sealed record QmpPeer(QemuVersion Version, bool UsesKvm, bool IsRunning);
