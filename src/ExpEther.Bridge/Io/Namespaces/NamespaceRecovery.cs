using ExpEther.Bridge.Io.Ownership;
using ExpEther.Bridge.Io.Physical;
using ExpEther.Bridge.Io.Sessions;
using ExpEther.RootComplex.Functions.Sharing;

namespace ExpEther.Bridge.Io.Namespaces;

/// <summary>
/// Compares a device's namespaces with the record of their owners when the box starts. A namespace that was being made when the box ended was
/// shown to nobody, and its command never succeeded: it is deleted. What else does not fit together is told, and left to people: a namespace
/// without an owner may hold what a lost record would have said whose it is.
/// </summary>
internal sealed class NamespaceRecovery(OwnershipTable ownership, NamespaceOwnership sight, HostSessions hosts, IEventSink events)
{
    /// <summary>When the box has started.</summary>
    public Task RunAsync(PhysicalDevice device) => device.Gate.RunAsync(async () =>
    {
        if (device.Driver.Namespaces is { } manager && await ReadAsync(device, manager) is var (inventory, owners))
        {
            await CompareAsync(device, manager, inventory, owners);
        }

        return true;
    });

    private async Task CompareAsync(PhysicalDevice device, INamespaceManager manager, NamespaceInventory inventory, OwnerSnapshot owners)
    {

        var unowned = inventory.Namespaces.Where(n => !n.IsShared && owners.RecordOf(n) is null).ToList();
        if (ownership.IntentOf(device.Name) is { } intent)
        {
            await TakeBackAsync(device, manager, intent, unowned);
        }

        foreach (var found in unowned)
        {
            events.Report(
                EventSeverity.Warning, device.Name,
                $"namespace {found.Id} ({found.Bytes} bytes) belongs to nobody: give it to a host (expether namespace give {device.Name} {found.Id} "
                + "HOST), or delete it");
        }

        foreach (var record in owners.Namespaces.Where(r => !inventory.Namespaces.Any(n => n.Id == r.Id && n.Uuid == r.Uuid)))
        {
            events.Report(
                EventSeverity.Warning, device.Name,
                $"namespace {record.Id} ({record.Uuid}) of host '{hosts.NameOf(record.Owner)}' is not on the device: it was deleted when the box ended, or its "
                + "pool is not the one it was in");
        }
    }

    /// <summary>Deletes what an unfinished command made. By who has the device's gate.</summary>
    /// <param name="device">The device.</param>
    /// <param name="manager">Its namespaces.</param>
    /// <param name="intent">The command.</param>
    /// <param name="unowned">Private namespaces of nobody; those that are deleted are taken out.</param>
    public async Task TakeBackAsync(PhysicalDevice device, INamespaceManager manager, NamespaceIntent intent, List<ManagedNamespace> unowned)
    {
        var isDone = true;
        foreach (var made in unowned.Where(n => n.Uuid != Guid.Empty && !intent.Unowned.Contains(n.Uuid)).ToList())
        {
            var result = await manager.DeleteAsync(made.Id);
            isDone &= result.IsSuccess;
            events.Report(
                EventSeverity.Warning, device.Name,
                $"namespace {made.Id} was being made for host '{hosts.NameOf(intent.Owner)}' when the box ended; nobody has seen it, and "
                + (result.IsSuccess ? "it is deleted again" : $"it could not be deleted: {result.Words}"));
            if (result.IsSuccess)
            {
                unowned.Remove(made);
            }
        }

        if (isDone)
        {
            ownership.ForgetIntent(device.Name);
        }
    }

    private async Task<(NamespaceInventory Inventory, OwnerSnapshot Owners)?> ReadAsync(PhysicalDevice device, INamespaceManager manager)
    {
        var inventory = await manager.ListAsync();
        return inventory.Failure.Length == 0 && inventory.CanManage && await sight.SnapshotAsync(device) is { } owners ? (inventory, owners) : null;
    }
}
