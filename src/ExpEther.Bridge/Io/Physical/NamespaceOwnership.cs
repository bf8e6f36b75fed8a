using ExpEther.Bridge.Io.Functions;
using ExpEther.Bridge.Io.Ownership;

namespace ExpEther.Bridge.Io.Physical;

/// <summary>
/// Lets every VF see what its owner owns, and nothing else. Level-triggered: what is to be seen follows from who owns what, as it is durable
/// (<see cref="VisibilityPlan"/>); what is seen is asked of the device; the difference is done, and asked again. One at a time for each device,
/// so that a look that began with an older ownership never ends after one with a newer.
/// </summary>
internal sealed class NamespaceOwnership(
    PhysicalFunctions physicals, OwnershipTable ownership, IEventSink events)
{
    private const int Rounds = 2;

    /// <summary>
    /// Before a VF is presented: makes sure that its controller works, and that it sees exactly its owner's private namespaces and the shared ones.
    /// Its ownership is durable.
    /// </summary>
    /// <returns>Empty; else why it must not be presented.</returns>
    public async Task<string> PrepareAsync(IoFunction function)
    {
        if (PhysicalOf(function) is not { } device)
        {
            return "";
        }

        return await device.Gate.RunAsync(async () =>
        {
            var failure = await device.Driver.PrepareAsync(function.Real.VirtualNumber);
            return failure.Length > 0 ? failure : await ApplyAsync(device, function.Real.VirtualNumber);
        });
    }

    /// <summary>What goes with a VF that moves to another host: the private namespaces that it sees.</summary>
    /// <returns>A failure in words, or empty; the records as they are.</returns>
    public async Task<(string Failure, IReadOnlyList<NamespaceRecord> Records)> CarriedAsync(IoFunction function)
    {
        if (PhysicalOf(function) is not { Driver.Namespaces: { } manager } device)
        {
            return ("", []);
        }

        return await device.Gate.RunAsync<(string, IReadOnlyList<NamespaceRecord>)>(async () =>
        {
            var inventory = await manager.ListAsync();
            if (inventory.Failure.Length > 0 || !inventory.CanManage)
            {
                return (inventory.Failure, []);
            }

            if (await SnapshotAsync(device) is not { } owners)
            {
                return ("the box's record of owners is not durable", []);
            }

            var plan = new VisibilityPlan(inventory.Namespaces, owners);
            return ("", [.. plan.PrivateOf(function.Real.VirtualNumber).Select(n => owners.RecordOf(n)!)]);
        });
    }

    /// <summary>
    /// All functions of all devices are known. Before that nothing is shown: a namespace whose VF is not found yet would go to another of its owner's.
    /// </summary>
    public bool IsStarted { get; set; }

    /// <summary>Something changed that may change what a VF is to see: looks at all of its device soon.</summary>
    public void Look(IoFunction function)
    {
        if (PhysicalOf(function) is { } device)
        {
            Look(device);
        }
    }

    /// <inheritdoc cref="Look(IoFunction)"/>
    public void Look(PhysicalDevice device)
    {
        if (!IsStarted)
        {
            return;
        }

        device.IsLookWanted = true;
        if (!device.IsLooking)
        {
            device.IsLooking = true;
            device.Device.Scope!.Start(() => LookAsync(device));
        }
    }

    /// <summary>Names of the owner's other VFs of the same device.</summary>
    public IReadOnlyList<string> Beside(IoFunction function) => PhysicalOf(function) is { Driver.Namespaces: not null } device
        && ownership.OwnerOf(function.Name) is { } owner
        ? [.. device.Device.Functions.Where(f => f != function && ownership.OwnerOf(f.Name)?.Owner == owner.Owner).Select(f => f.Name)]
        : [];

    /// <summary>What people should know of the namespaces that a host sees by this function or not at all, now that it is not the host's any more.</summary>
    /// <returns>Empty: there are none.</returns>
    public string LeftBehind(IoFunction function, OwnershipRecord before, string host)
    {
        var left = GivenTo(function).Where(n => n.Owner == before.Owner).Select(n => n.Id).Order().ToList();
        return left.Count == 0 ? ""
            : $"host '{host}' keeps what was given to it by {function.Name}, namespace {string.Join(", ", left)}, "
                + $"and sees it again when it has {function.Name}; "
            + $"to show it by another function: expether namespace give {function.Device.Name} {left[0]} {host}";
    }

    /// <summary>Records of private namespaces that were given to a function by name.</summary>
    public IEnumerable<NamespaceRecord> GivenTo(IoFunction function) => function.Real.VirtualNumber > 0
        ? ownership.NamespacesOf(function.Device.Name).Where(n => n.GivenTo == function.Real.VirtualNumber)
        : [];

    /// <summary>As <see cref="Look(PhysicalDevice)"/>, at once, by who has the device's gate.</summary>
    /// <param name="device">The device.</param>
    /// <param name="virtualFunction">Whose sight counts for the result; 0: everybody's.</param>
    /// <returns>Empty; else what could not be done.</returns>
    public async Task<string> ApplyAsync(PhysicalDevice device, int virtualFunction)
    {
        if (device.Driver.Namespaces is not { } manager)
        {
            return "";
        }

        var failure = "";
        for (var round = 0; ; round++)
        {
            if (await SnapshotAsync(device) is not { } owners)
            {
                return "the box's record of owners is not durable";
            }

            var inventory = await manager.ListAsync();
            if (inventory.Failure.Length > 0 || !inventory.CanManage)
            {
                return inventory.Failure;
            }

            var plan = new VisibilityPlan(inventory.Namespaces, owners);
            var changes = plan.Changes();
            if (!changes.Any(c => virtualFunction == 0 || c.VirtualFunction == virtualFunction))
            {
                // Where they are is no one's right, so nothing waits for it to be durable.
                if (plan.PlacesToRecord() is { Count: > 0 } places)
                {
                    ownership.NotePlaces(places);
                }

                return "";
            }

            if (round == Rounds)
            {
                return failure.Length > 0 ? failure : "the device does not show its namespaces as it was told";
            }

            failure = "";
            foreach (var change in changes)
            {
                var result = await manager.ShowAsync(change.Namespace, change.VirtualFunction, change.IsVisible);
                failure = result.IsSuccess ? failure : result.Words;
            }
        }
    }

    /// <summary>Owners as they are when all of them are durable; null: they are not in time.</summary>
    public async Task<OwnerSnapshot?> SnapshotAsync(PhysicalDevice device)
    {
        if (!await ownership.SettleAsync() || ownership.IsPending)
        {
            return null;
        }

        var functions = new Dictionary<int, HostIdentity>();
        foreach (var function in device.Device.Functions)
        {
            if (function.Real.VirtualNumber > 0 && ownership.OwnerOf(function.Name) is { } owner)
            {
                functions[function.Real.VirtualNumber] = owner.Owner;
            }
        }

        return new OwnerSnapshot(functions, ownership.NamespacesOf(device.Name));
    }

    private PhysicalDevice? PhysicalOf(IoFunction function) => function.Real.VirtualNumber > 0 ? physicals.Find(function.Device) : null;

    private async Task LookAsync(PhysicalDevice device)
    {
        while (device.IsLookWanted)
        {
            device.IsLookWanted = false;
            var failure = await device.Gate.RunAsync(() => ApplyAsync(device, 0));
            if (failure.Length > 0)
            {
                events.Report(EventSeverity.Warning, device.Name, $"not every function sees the namespaces that it should: {failure}");
            }
        }

        device.IsLooking = false;
    }
}
