using ExpEther.Bridge.Io.Devices;
using ExpEther.Bridge.Io.Functions;
using ExpEther.Bridge.Io.Ownership;
using ExpEther.Bridge.Io.Physical;
using ExpEther.Bridge.Io.Sessions;
using ExpEther.RootComplex.Functions.Sharing;

namespace ExpEther.Bridge.Io.Namespaces;

/// <summary>
/// namespace create, resize, delete, give and ls. That a namespace is being made is recorded, then it is made, then its owner is recorded, then it is
/// shown: what a crash in between leaves is known by the first record, and deleted (<see cref="NamespaceRecovery"/>). What a device can or cannot do
/// is its driver's to say.
/// </summary>
internal sealed class NamespaceCommands(
    DeviceBus devices, PhysicalFunctions physicals, HostSessions hosts, OwnershipTable ownership, NamespaceOwnership sight, NamespaceRecovery recovery)
{
    private readonly NamespaceRefusals _refusals = new(devices, physicals, hosts);

    /// <param name="device">Null: all devices that have namespaces to tell of.</param>
    public async Task<IReadOnlyList<NamespaceDeviceStatus>> ListAsync(string? device)
    {
        var all = new List<NamespaceDeviceStatus>();
        foreach (var physical in physicals.All.Where(p => device is null || p.Name == device).ToList())
        {
            if (physical.Driver.Namespaces is { } manager)
            {
                var inventory = await physical.Gate.RunAsync(manager.ListAsync);
                all.Add(new NamespaceDeviceStatus(
                    physical.Name, inventory.Failure, inventory.CanManage, inventory.TotalBytes, inventory.FreeBytes,
                    [.. inventory.Namespaces.Select(n => Describe(physical, n))]));
            }
        }

        return all;
    }

    public Task<NamespaceReply> CreateAsync(string device, ulong bytes, string host, string? function) => OnAsync(
        device, async (physical, manager, inventory) =>
    {
        if (hosts.Find(host) is not { } owner)
        {
            return _refusals.NoSuchHost(host, device);
        }

        if (bytes == 0)
        {
            return NamespaceRefusals.Empty(device);
        }

        if (PlaceOf(physical, owner, function, out var givenTo) is { } misplaced)
        {
            return misplaced;
        }

        var stale = StaleOf(physical, inventory);
        if (ownership.NamespaceCount - stale.Count >= IoBridgeLimits.NamespaceRecordsMax)
        {
            return NamespaceRefusals.TooManyRecords(device);
        }

        if (await BeginAsync(physical, manager, inventory, owner) is { } obstacle)
        {
            return obstacle;
        }

        // From here on the intent stays until a namespace is owned, or certainly not there.
        var made = await manager.CreateAsync(bytes);
        if (!made.IsSuccess)
        {
            await TakeBackAsync(physical, manager);
            return NamespaceRefusals.Of(device, made, bytes, inventory);
        }

        if ((await manager.ListAsync()).Namespaces.FirstOrDefault(n => n.Id == made.Id) is not { } found)
        {
            return NamespaceRefusals.Failed(device, $"namespace {made.Id} was made and is not there");
        }

        var intent = ownership.IntentOf(device);
        if (!await ownership.RecordNamespacesAsync([RecordOf(device, found, owner) with { GivenTo = givenTo }], stale, made: device))
        {
            ownership.TakeBackNamespace(device, found.Id, null, intent);
            await TakeBackAsync(physical, manager);
            return NamespaceRefusals.NotRecorded(device);
        }

        return await ShownAsync(physical, manager, found.Id);
    });

    /// <summary>
    /// Gives a namespace to a host: one without owner, or with <paramref name="force"/> of whichever owner; or says by which of its functions its owner
    /// sees it. What is done already succeeds.
    /// </summary>
    public Task<NamespaceReply> GiveAsync(string device, uint id, string host, bool force, string? function) => OnAsync(
        device, id, async (physical, manager, found) =>
    {
        if (hosts.Find(host) is not { } owner)
        {
            return _refusals.NoSuchHost(host, device);
        }

        if (found.IsShared)
        {
            return NamespaceRefusals.Shared(device, id);
        }

        if (PlaceOf(physical, owner, function, out var givenTo) is { } misplaced)
        {
            return misplaced;
        }

        var before = RecordOf(physical, found);
        var after = RecordOf(device, found, owner);
        if (before is not null && before.Owner != after.Owner && !force)
        {
            return NamespaceRefusals.Owned(device, id, hosts.NameOf(before.Owner));
        }

        // To another of its owner's functions it goes as a disk is pulled: NVMe has no way to ask the host first.
        if (givenTo > 0 && !force && InHandsOf(physical, found, except: givenTo) is { Length: > 0 } users)
        {
            return NamespaceRefusals.SeenElsewhere(device, id, users, host, function!);
        }

        after = after with { GivenTo = givenTo, SeenBy = before?.Owner == after.Owner ? before.SeenBy : 0 };
        if (before != after && !await ownership.RecordNamespacesAsync([after], []))
        {
            ownership.TakeBackNamespace(device, id, before);
            return NamespaceRefusals.NotRecorded(device);
        }

        return await ShownAsync(physical, manager, id);
    });

    public Task<NamespaceReply> ResizeAsync(string device, uint id, ulong bytes, bool force) => OnAsync(device, id, async (physical, manager, found) =>
    {
        if (bytes == 0)
        {
            return NamespaceRefusals.Empty(device);
        }

        // What is cut off is gone; growing harms nobody.
        if (bytes < found.Bytes && !force && InHandsOf(physical, found) is { Length: > 0 } users)
        {
            return NamespaceRefusals.InUse(device, id, users, "cuts");
        }

        var result = await manager.ResizeAsync(id, bytes);
        if (result.IsSuccess)
        {
            return await ShownAsync(physical, manager, id);
        }

        var inventory = await manager.ListAsync();
        return result.Failure == NamespaceFailure.NotEnough && bytes > found.Bytes
            ? NamespaceRefusals.NotEnough(device, bytes - found.Bytes, inventory.FreeBytes)
            : NamespaceRefusals.Of(device, result, 0, inventory);
    });

    public Task<NamespaceReply> DeleteAsync(string device, uint id, bool force) => OnAsync(device, id, async (physical, manager, found) =>
    {
        if (found.IsShared && !force)
        {
            return NamespaceRefusals.Shared(device, id);
        }

        if (!force && InHandsOf(physical, found) is { Length: > 0 } users)
        {
            return NamespaceRefusals.InUse(device, id, users, "deletes");
        }

        var result = await manager.DeleteAsync(id);
        if (!result.IsSuccess)
        {
            return NamespaceRefusals.Of(device, result, 0, await manager.ListAsync());
        }

        // A record that stays behind names a UUID that never comes again.
        var recorded = RecordOf(physical, found) is not { } record || await ownership.RecordNamespacesAsync([], [record]);
        return new NamespaceReply
        {
            Ok = true, Device = device, Message = recorded ? "" : "its owner's record could not be removed; it names nothing any more",
        };
    });

    /// <summary>Records that a namespace is being made, once nothing is left of one before.</summary>
    /// <returns>Null; else why it must not be made.</returns>
    private async Task<NamespaceReply?> BeginAsync(PhysicalDevice physical, INamespaceManager manager, NamespaceInventory inventory, HostSession owner)
    {
        var unowned = UnownedOf(physical, inventory);
        if (ownership.IntentOf(physical.Name) is { } before)
        {
            await recovery.TakeBackAsync(physical, manager, before, unowned);
            if (ownership.IntentOf(physical.Name) is not null)
            {
                return NamespaceRefusals.Failed(physical.Name, "what an earlier creation left there could not be deleted");
            }
        }

        var intent = new NamespaceIntent(physical.Name, new HostIdentity(owner.Host.Vlan, owner.Host.Mac), [.. unowned.Select(n => n.Uuid)]);
        if (await ownership.RecordIntentAsync(intent))
        {
            return null;
        }

        ownership.ForgetIntent(physical.Name);
        return NamespaceRefusals.NotRecorded(physical.Name);
    }

    /// <summary>A creation failed: deletes what it made, if it made anything.</summary>
    private async Task TakeBackAsync(PhysicalDevice physical, INamespaceManager manager)
    {
        var inventory = await manager.ListAsync();
        if (inventory.Failure.Length == 0 && ownership.IntentOf(physical.Name) is { } intent)
        {
            await recovery.TakeBackAsync(physical, manager, intent, UnownedOf(physical, inventory));
        }
    }

    private List<ManagedNamespace> UnownedOf(PhysicalDevice device, NamespaceInventory inventory) =>
        [.. inventory.Namespaces.Where(n => !n.IsShared && RecordOf(device, n) is null)];

    private static NamespaceRecord RecordOf(string device, ManagedNamespace found, HostSession owner) =>
        new(device, found.Id, found.Uuid, new HostIdentity(owner.Host.Vlan, owner.Host.Mac));

    private NamespaceRecord? RecordOf(PhysicalDevice device, ManagedNamespace found) =>
        ownership.NamespacesOf(device.Name).FirstOrDefault(r => r.Id == found.Id && r.Uuid == found.Uuid);

    /// <summary>Records of this device's that name nothing on it.</summary>
    private List<NamespaceRecord> StaleOf(PhysicalDevice device, NamespaceInventory inventory) =>
        [.. ownership.NamespacesOf(device.Name).Where(r => !inventory.Namespaces.Any(n => n.Id == r.Id && n.Uuid == r.Uuid))];

    /// <summary>Which VF a command means.</summary>
    /// <returns>Null; else why a namespace of the host cannot be given to it.</returns>
    private NamespaceReply? PlaceOf(PhysicalDevice device, HostSession host, string? function, out int number)
    {
        number = 0;
        if (function is null)
        {
            return null;
        }

        var owner = new HostIdentity(host.Host.Vlan, host.Host.Mac);
        if (device.Device.Functions.Find(f => f.Name == function && f.Real.IsVirtual) is not { } found)
        {
            return NamespaceRefusals.NoSuchFunction(device.Device, function, FunctionsOf(device, owner));
        }

        number = found.Real.VirtualNumber;
        return ownership.OwnerOf(function) is { } other && other.Owner != owner
            ? NamespaceRefusals.FunctionOfAnother(device.Name, function, hosts.NameOf(other), host.Name, FunctionsOf(device, owner))
            : null;
    }

    private IReadOnlyList<string> FunctionsOf(PhysicalDevice device, HostIdentity owner) =>
        [.. device.Device.Functions.Where(f => f.Real.IsVirtual && ownership.OwnerOf(f.Name)?.Owner == owner).Select(f => f.Name)];

    /// <summary>Names of the functions that see it and are in their owners' hands.</summary>
    /// <param name="device">The device.</param>
    /// <param name="found">The namespace.</param>
    /// <param name="except">A VF that does not count; 0: all do.</param>
    private static string InHandsOf(PhysicalDevice device, ManagedNamespace found, int except = 0) => string.Join(
        ", ", found.VisibleTo.Where(vf => vf != except).Select(device.VirtualFunction).OfType<IoFunction>().Where(f => f.IsOpen).Select(f => f.Name));

    private Task<NamespaceReply> OnAsync(
        string device, uint id, Func<PhysicalDevice, INamespaceManager, ManagedNamespace, Task<NamespaceReply>> command) =>
        OnAsync(device, (physical, manager, inventory) => inventory.Namespaces.FirstOrDefault(n => n.Id == id) is { } found
            ? command(physical, manager, found)
            : Task.FromResult(NamespaceRefusals.NoSuchNamespace(device, id, inventory)));

    private async Task<NamespaceReply> OnAsync(
        string device, Func<PhysicalDevice, INamespaceManager, NamespaceInventory, Task<NamespaceReply>> command)
    {
        if (!devices.All.Exists(d => d.Name == device))
        {
            return _refusals.NoSuchDevice(device);
        }

        if (physicals.Find(device) is not { Driver.Namespaces: { } manager } physical)
        {
            return _refusals.NothingToManage(device);
        }

        return await physical.Gate.RunAsync(async () =>
        {
            var inventory = await manager.ListAsync();
            return inventory.Failure.Length > 0 ? NamespaceRefusals.Failed(device, inventory.Failure)
                : !inventory.CanManage ? _refusals.NothingToManage(device)
                : await command(physical, manager, inventory);
        });
    }

    /// <summary>Lets the owner see a namespace that is its now, and says where.</summary>
    private async Task<NamespaceReply> ShownAsync(PhysicalDevice device, INamespaceManager manager, uint id)
    {
        var failure = await sight.ApplyAsync(device, 0);
        var inventory = await manager.ListAsync();
        if (inventory.Namespaces.FirstOrDefault(n => n.Id == id) is not { } found)
        {
            return NamespaceRefusals.Failed(device.Name, inventory.Failure.Length > 0 ? inventory.Failure : $"namespace {id} went meanwhile");
        }

        var status = Describe(device, found);
        var message = failure.Length > 0 ? $"its owner does not see it yet: {failure}"
            : status is { Functions.Count: 0, Owner: not null, GivenTo: { } place } ? $"host '{status.Owner}' sees it as soon as it has {place}"
            : status.Functions.Count == 0 && status.Owner is not null ? $"host '{status.Owner}' sees it as soon as it has a function of {device.Name}"
            : "";
        return new NamespaceReply { Ok = true, Device = device.Name, Namespace = status, Message = message };
    }

    private NamespaceStatus Describe(PhysicalDevice device, ManagedNamespace found)
    {
        var record = found.IsShared ? null : RecordOf(device, found);
        return new NamespaceStatus(
            device.Name, found.Id, found.Uuid, found.Bytes, found.BlockBytes, found.IsShared, found.IsReadOnly,
            record is null ? null : hosts.NameOf(record.Owner), [.. found.VisibleTo.Select(vf => device.VirtualFunction(vf)?.Name).OfType<string>()],
            record is { GivenTo: > 0 and var vf } ? device.NameOf(vf) : null);
    }
}
