namespace ExpEther.Qemu;

/// <summary>A slot as QEMU has it.</summary>
/// <param name="Slot">Physical slot number, from 1.</param>
/// <param name="State">How it stands.</param>
/// <param name="DeviceId">QEMU's id of the device; empty: none is there.</param>
/// <param name="GuestBdf">Bus, device and function as the guest numbered them; empty: not known.</param>
/// <param name="Trouble">What last went wrong and still matters, in words; empty: nothing.</param>
public sealed record QemuSlotStatus(int Slot, QemuSlotState State, string DeviceId, string GuestBdf, string Trouble);
