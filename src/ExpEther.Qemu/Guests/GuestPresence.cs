using ExpEther.Core.Scheduling;
using ExpEther.Qemu.Qmp;

namespace ExpEther.Qemu.Guests;

/// <summary>
/// Says which guest runs here, so that functions that follow it come. One whose state is still coming in does not run. A box acts on what it hears at once
/// or not at all, and a function may be busy then; so it is said a limited number of times after each change.
/// </summary>
internal sealed class GuestPresence(QmpClient qmp, OwnerScheduler scheduler, Action<Guid> tell)
{
    private int _changes;

    /// <summary>Whether the guest runs has changed, or QEMU came.</summary>
    public void OnChanged(bool isRunning)
    {
        var change = ++_changes;
        if (isRunning)
        {
            scheduler.Start(() => SayAsync(change));
        }
        else
        {
            tell(Guid.Empty);
        }
    }

    private async Task SayAsync(int change)
    {
        var guest = await GuestIdentity.AskAsync(qmp);
        for (var i = 0; i < QemuLimits.GuestHereTimesMax && change == _changes && guest != Guid.Empty; i++)
        {
            tell(guest);
            await scheduler.Delay(QemuLimits.GuestHereInterval);
        }
    }
}
