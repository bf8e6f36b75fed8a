using ExpEther.Nvme.Protocol;

namespace ExpEther.Nvme.Driver;

/// <summary>
/// The secondary controllers of a primary controller: a share of its queue (VQ) and interrupt (VI) resources for each, and online (NVMe 1.4
/// §8.5). An offline controller is assigned resources first; at least two queues, the admin queue among them, and one interrupt let
/// it go online. Shares are even. What is as it should be is left alone, so that doing it again disturbs nobody.
/// </summary>
internal sealed class SecondaryControllers(PrimaryCommands commands)
{
    private const int QueuesMin = 2;
    private const int InterruptsMin = 1;

    // What each of VFs 1 to _count is to have; -1: what the device gave it.
    private int _queues = -1;
    private int _interrupts = -1;
    private int _count;

    /// <summary>As of the last look, in order of their controller identifiers.</summary>
    public IReadOnlyList<SecondaryControllerEntry> Entries { get; private set; } = [];

    /// <summary>The controller of a VF; null: it has none.</summary>
    public ushort? ControllerOf(int virtualFunction) => Find(virtualFunction)?.ControllerId;

    /// <summary>The VF of a controller; 0: it is no VF's.</summary>
    public int VirtualFunctionOf(ushort controllerId)
    {
        foreach (var entry in Entries)
        {
            if (entry.ControllerId == controllerId)
            {
                return entry.VirtualFunctionNumber;
            }
        }

        return 0;
    }

    public async Task<bool> RefreshAsync()
    {
        if (await commands.ListSecondariesAsync() is not { } entries)
        {
            return false;
        }

        Entries = entries;
        return true;
    }

    /// <summary>Whether the primary holds flexible resources that secondary controllers need; see <see cref="FreePrimaryAsync"/>.</summary>
    public static bool PrimaryHoldsTooMuch(PrimaryResources resources) =>
        (resources.Queues is { AssignedToPrimary: > 0, PrivateOfPrimary: > 0 } && Flexible(resources, ResourceTypes.Queues))
        || (resources.Interrupts is { AssignedToPrimary: > 0, PrivateOfPrimary: > 0 } && Flexible(resources, ResourceTypes.Interrupts));

    /// <summary>Lets the primary give its flexible resources back, from its next reset on: its own private ones do for administration.</summary>
    public async Task<NvmeResult> FreePrimaryAsync(PrimaryResources resources)
    {
        var result = await commands.VirtualizeAsync(new VirtualizationRequest(
            resources.ControllerId, VirtualResourceType.Queue, VirtualizationAction.PrimaryFlexibleAllocation, 0));
        return result.IsSuccess
            ? await commands.VirtualizeAsync(new VirtualizationRequest(
                resources.ControllerId, VirtualResourceType.Interrupt, VirtualizationAction.PrimaryFlexibleAllocation, 0))
            : result;
    }

    /// <summary>Gives VFs 1 to <paramref name="count"/> even shares and brings them online.</summary>
    /// <returns>Empty; else why not all of them are.</returns>
    public async Task<string> EnableAsync(int count, PrimaryResources resources)
    {
        if (!await RefreshAsync())
        {
            return "it does not list its secondary controllers";
        }

        for (var vf = 1; vf <= count; vf++)
        {
            if (Find(vf) is null)
            {
                return $"virtual function {vf} has no secondary controller";
            }
        }

        var queues = Flexible(resources, ResourceTypes.Queues) ? ShareOf(resources.Queues, count) : -1;
        var interrupts = Flexible(resources, ResourceTypes.Interrupts) ? ShareOf(resources.Interrupts, count) : -1;
        if (queues is >= 0 and < QueuesMin || interrupts is >= 0 and < InterruptsMin)
        {
            return $"its resources do not suffice for {count} virtual functions: {Left(resources.Queues)} queues and {Left(resources.Interrupts)} "
                + $"interrupts to share, and each needs {QueuesMin} and {InterruptsMin}";
        }

        (_queues, _interrupts, _count) = (queues, interrupts, count);
        // First what is to have fewer, or the others would find nothing left.
        foreach (var entry in Entries.OrderByDescending(HasTooMuch))
        {
            if (await AssignAsync(entry) is { Length: > 0 } failure)
            {
                return failure;
            }
        }

        for (var vf = 1; vf <= count; vf++)
        {
            if (await PrepareAsync(vf) is { Length: > 0 } failure)
            {
                return failure;
            }
        }

        return "";
    }

    /// <summary>Brings the controller of a VF online if it is not.</summary>
    /// <returns>Empty; else why it is not online.</returns>
    public async Task<string> PrepareAsync(int virtualFunction)
    {
        if (!await RefreshAsync())
        {
            return "it does not list its secondary controllers";
        }

        if (Find(virtualFunction) is not { } entry)
        {
            return $"virtual function {virtualFunction} has no secondary controller";
        }

        if (await AssignAsync(entry) is { Length: > 0 } failure)
        {
            return failure;
        }

        // Assigning took it offline, or it was.
        if (entry.IsOnline && !IsUnlike(entry))
        {
            return "";
        }

        var result = await commands.VirtualizeAsync(new VirtualizationRequest(
            entry.ControllerId, VirtualResourceType.Queue, VirtualizationAction.SecondaryOnline, 0));
        return result.IsSuccess ? "" : $"virtual function {virtualFunction} does not come online: {result}";
    }

    private static bool Flexible(PrimaryResources resources, ResourceTypes type) => (resources.Types & type) != 0;

    private static int Left(in FlexibleResources resources) => (int)(resources.Total - Math.Min(resources.Total, resources.AssignedToPrimary));

    private static int ShareOf(in FlexibleResources resources, int count)
    {
        var share = Left(resources) / count;
        share = resources.SecondaryMax > 0 ? Math.Min(share, resources.SecondaryMax) : share;
        return resources.Granularity > 1 ? share / resources.Granularity * resources.Granularity : share;
    }

    private SecondaryControllerEntry? Find(int virtualFunction)
    {
        foreach (var entry in Entries)
        {
            if (entry.VirtualFunctionNumber == virtualFunction)
            {
                return entry;
            }
        }

        return null;
    }

    /// <summary>What a controller is to have; -1: what it has. Those that are not used are to have nothing.</summary>
    private (int Queues, int Interrupts) WantedOf(in SecondaryControllerEntry entry) =>
        entry.VirtualFunctionNumber >= 1 && entry.VirtualFunctionNumber <= _count ? (_queues, _interrupts) : (Math.Min(_queues, 0), Math.Min(_interrupts, 0));

    private bool HasTooMuch(SecondaryControllerEntry entry)
    {
        var (queues, interrupts) = WantedOf(entry);
        return (queues >= 0 && entry.Queues > queues) || (interrupts >= 0 && entry.Interrupts > interrupts);
    }

    private bool IsUnlike(in SecondaryControllerEntry entry)
    {
        var (queues, interrupts) = WantedOf(entry);
        return (queues >= 0 && queues != entry.Queues) || (interrupts >= 0 && interrupts != entry.Interrupts);
    }

    private async Task<string> AssignAsync(SecondaryControllerEntry entry)
    {
        if (!IsUnlike(entry))
        {
            return "";
        }

        var (queues, interrupts) = WantedOf(entry);
        var result = entry.IsOnline
            ? await commands.VirtualizeAsync(new VirtualizationRequest(
                entry.ControllerId, VirtualResourceType.Queue, VirtualizationAction.SecondaryOffline, 0))
            : new NvmeResult(NvmeOutcome.Completed, NvmeStatus.Success, 0);
        // Going offline took all that it had (NVMe 1.4 §5.22).
        var has = entry.IsOnline ? entry with { Queues = 0, Interrupts = 0 } : entry;
        if (result.IsSuccess && queues >= 0 && queues != has.Queues)
        {
            result = await commands.VirtualizeAsync(new VirtualizationRequest(
                entry.ControllerId, VirtualResourceType.Queue, VirtualizationAction.SecondaryAssign, (ushort)queues));
        }

        if (result.IsSuccess && interrupts >= 0 && interrupts != has.Interrupts)
        {
            result = await commands.VirtualizeAsync(new VirtualizationRequest(
                entry.ControllerId, VirtualResourceType.Interrupt, VirtualizationAction.SecondaryAssign, (ushort)interrupts));
        }

        return result.IsSuccess ? "" : $"controller {entry.ControllerId} takes no resources: {result}";
    }
}
