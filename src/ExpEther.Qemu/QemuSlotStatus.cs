using ExpEther.Qemu.Guests;

namespace ExpEther.Qemu;

/// <summary>A slot, for people.</summary>
/// <param name="Number">Physical slot number, from 1.</param>
/// <param name="State">How it stands with QEMU.</param>
/// <param name="SocketPath">Where QEMU finds the function.</param>
/// <param name="Device">The id of QEMU's device, or its path where it has none; null: none is known.</param>
/// <param name="Guest">Where the guest sees it; null: nowhere, as far as QEMU said when it was last asked.</param>
/// <param name="Interrupts">How interrupts reach the client; without one, as configured.</param>
/// <param name="InterruptsReason">Why so, in few words; empty without a client.</param>
/// <param name="Troubles">What went wrong and has not come right since, each with what to do.</param>
public sealed record QemuSlotStatus(
    int Number, QemuSlotState State, string SocketPath, string? Device, GuestDevice? Guest, InterruptMode Interrupts,
    string InterruptsReason, IReadOnlyList<string> Troubles)
{
    /// <summary>All of them in one line; empty: nothing.</summary>
    public string Trouble => string.Join("; ", Troubles);
}
