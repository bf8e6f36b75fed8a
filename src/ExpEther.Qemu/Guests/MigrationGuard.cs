using System.Text.Json;
using ExpEther.Core.Scheduling;
using ExpEther.Qemu.Qmp;

namespace ExpEther.Qemu.Guests;

/// <summary>
/// Keeps a guest from migrating away from its functions. QEMU 11.1.3 lets it: its vfio-user-pci has no state to send and no blocker, the migration
/// completes, and the guest arrives without its disks. So QEMU is asked for the events of migrations (its capability <c>events</c>, off by default) and
/// one that begins while a slot has a device is cancelled, which leaves the guest running where it is. The device cannot be taken away first: QEMU
/// takes no device_del while a migration runs. What comes after that is <see cref="Departure"/>'s, where functions are to follow.
/// </summary>
/// <param name="qmp">QEMU's monitor.</param>
/// <param name="plugs">All slots.</param>
/// <param name="departure">Null: functions do not follow.</param>
/// <param name="scheduler">The owner's.</param>
/// <param name="report">What an operator should know.</param>
internal sealed class MigrationGuard(
    QmpClient qmp, IReadOnlyList<SlotPlug> plugs, Departure? departure, OwnerScheduler scheduler, Action<EventSeverity, string> report)
{
    private bool _isCancelling;
    private string _trouble = "";

    /// <summary>What became of the last migration; empty: none was stopped.</summary>
    public string Trouble => departure?.Trouble is { Length: > 0 } trouble ? trouble : _trouble;

    /// <summary>QEMU is there: it is asked for events, and whether a migration runs already.</summary>
    public void OnConnected() => scheduler.Start(async () =>
    {
        _trouble = "";
        await qmp.ExecuteAsync(
            "migrate-set-capabilities",
            arguments =>
            {
                arguments.WriteStartArray("capabilities");
                arguments.WriteStartObject();
                arguments.WriteString("capability", "events");
                arguments.WriteBoolean("state", true);
                arguments.WriteEndObject();
                arguments.WriteEndArray();
            },
            QemuLimits.QmpCommandTimeout);
        var running = await qmp.ExecuteAsync("query-migrate", null, QemuLimits.QmpCommandTimeout);
        if (running.IsDone)
        {
            OnStatus(running.Value);
        }
    });

    /// <summary>The event MIGRATION, or the answer to query-migrate: both have a status.</summary>
    public void OnStatus(JsonElement data)
    {
        if (!data.TryGetText("status", out var status))
        {
            return;
        }

        departure?.OnStatus(status);
        if (status is "setup" or "active" or "device" or "pre-switchover" && !_isCancelling && plugs.Any(plug => plug.Device is not null))
        {
            _isCancelling = true;
            scheduler.Start(CancelAsync);
        }
    }

    private async Task CancelAsync()
    {
        // Of a guest that is migrated to here the state comes in, and there is nothing to cancel: what it has plugged it got from us.
        var status = await qmp.ExecuteAsync("query-status", null, QemuLimits.QmpCommandTimeout);
        if (status.IsDone && status.Value.TryGetText("status", out var state) && state == "inmigrate")
        {
            _isCancelling = false;
            return;
        }

        var reply = await qmp.ExecuteAsync("migrate_cancel", null, QemuLimits.QmpCommandTimeout);
        var guest = departure is not null && reply.IsDone ? await GuestIdentity.AskAsync(qmp) : Guid.Empty;
        _isCancelling = false;
        if (departure is not null && guest != Guid.Empty)
        {
            _trouble = "";
            await departure.BeginAsync(guest);
            return;
        }

        _trouble = !reply.IsDone
            ? $"the guest migrates away from this function, and that could not be stopped ({reply.Text}): it arrives without it"
            : departure is null
                ? "a migration of the guest was stopped, since this function does not move with it: detach it, migrate, attach it at the other host"
                : "a migration of the guest was stopped, since no function can follow a guest without a UUID: give QEMU -uuid, or detach this function first";
        report(EventSeverity.Error, _trouble);
    }
}
