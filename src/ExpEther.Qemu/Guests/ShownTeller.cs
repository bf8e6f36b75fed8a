using ExpEther.Core.Scheduling;
using ExpEther.Qemu.Slots;
using ExpEther.RootComplex.Guests;

namespace ExpEther.Qemu.Guests;

/// <summary>
/// Says that a function is shown once QEMU has it, its client knows it, and the guest has taken it, which shows in what the guest writes. A guest that
/// does not within <see cref="QemuLimits.GuestTakeTimeout"/> may be booting, paused, or without hot-plug: that is said beside.
/// </summary>
/// <param name="slot">The slot.</param>
/// <param name="port">QEMU's id of its port.</param>
/// <param name="isConnected">The function is wanted, and a client has it.</param>
/// <param name="scheduler">The owner's.</param>
/// <param name="changed">Set by whatever changes in the slot.</param>
internal sealed class ShownTeller(QemuSlot slot, string port, Func<bool> isConnected, OwnerScheduler scheduler, OwnerSignal changed)
{
    private bool _isTelling;

    /// <param name="isPlugged">QEMU's monitor knows the device.</param>
    public void OnConnected(bool isPlugged)
    {
        if (!_isTelling)
        {
            _isTelling = true;
            scheduler.Start(() => TellAsync(isPlugged));
        }
    }

    private async Task TellAsync(bool isPlugged)
    {
        var guest = slot.Guest;
        var isTaken = await changed.WaitUntil(() => slot.IsEnabled || !isConnected(), QemuLimits.GuestTakeTimeout);
        _isTelling = false;
        if (isConnected())
        {
            guest?.Say(
                GuestShowing.Shown,
                isTaken ? ""
                : isPlugged ? $"QEMU has the function in {port}, but nothing in the guest has taken it into use so far: is it up, and has it a driver?"
                : "a client has the function, but has not set Memory Space Enable or Bus Master Enable so far: is its driver up?");
        }
    }
}
