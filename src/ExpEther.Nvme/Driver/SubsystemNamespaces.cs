using ExpEther.Nvme.Protocol;
using ExpEther.RootComplex.Functions.Sharing;

namespace ExpEther.Nvme.Driver;

/// <summary>
/// The namespaces of an NVM subsystem, administered at its primary controller. What a controller cannot do is refused in words: namespace
/// management is optional (OACS), and a resize is not in NVMe 1.4 at all.
/// </summary>
internal sealed class SubsystemNamespaces(
    ControllerSession session, PrimaryCommands commands, SecondaryControllers secondaries, Func<string> unavailable) : INamespaceManager
{
    private bool CanManage => (session.Identity.AdminCommands & OptionalAdminCommands.NamespaceManagement) != 0;

    public async Task<NamespaceInventory> ListAsync()
    {
        if (unavailable() is { Length: > 0 } why)
        {
            return NamespaceInventory.Failed(why);
        }

        if (!CanManage)
        {
            await session.RefreshNamespacesAsync();
            return new NamespaceInventory(
                "", [.. session.Namespaces.Select(n => new ManagedNamespace(n.Id, Guid.Empty, n.Bytes, n.BlockBytes, true, n.IsReadOnly, []))], 0, 0, false);
        }

        // Capacity changes with every namespace.
        if (!await session.RefreshIdentityAsync() || !await secondaries.RefreshAsync() || await commands.ListAllocatedAsync() is not { } ids)
        {
            return NamespaceInventory.Failed("the controller does not list its namespaces");
        }

        var namespaces = new List<ManagedNamespace>();
        foreach (var id in ids)
        {
            if (await commands.DescribeAsync(id) is not { } found)
            {
                continue; // deleted meanwhile
            }

            if (await commands.ListAttachedAsync(id) is not { } controllers)
            {
                return NamespaceInventory.Failed($"the controller does not tell whom namespace {id} is attached to");
            }

            namespaces.Add(new ManagedNamespace(
                id, found.Uuid, found.Blocks * (ulong)found.BlockBytes, found.BlockBytes, found.IsShared, found.IsReadOnly,
                [.. controllers.Select(secondaries.VirtualFunctionOf).Where(vf => vf > 0).Order()]));
        }

        return new NamespaceInventory("", namespaces, session.Identity.TotalBytes, session.Identity.FreeBytes, true);
    }

    public async Task<NamespaceResult> CreateAsync(ulong bytes)
    {
        if (Refusal() is { } refusal)
        {
            return refusal;
        }

        if (await commands.FindFormatAsync() is not { } format)
        {
            return NamespaceResult.Failed(NamespaceFailure.NotSupported, "the controller has no format for blocks without metadata");
        }

        var result = await commands.CreateAsync(BlocksOf(bytes, format.BlockBytes), format.Index);
        return result.IsSuccess ? new NamespaceResult(NamespaceFailure.None, "", result.Value) : await FailedAsync(result, 0);
    }

    public async Task<NamespaceResult> ResizeAsync(uint id, ulong bytes)
    {
        if (Refusal() is { } refusal)
        {
            return refusal;
        }

        if ((session.Identity.VendorFeatures & ExpEtherFeatures.ResizeNamespace) == 0)
        {
            return NamespaceResult.Failed(NamespaceFailure.NotSupported, "this controller cannot resize a namespace: NVMe has no command for it");
        }

        if (await commands.DescribeAsync(id) is not { } found)
        {
            return NoSuchNamespace(id);
        }

        var result = await commands.ResizeAsync(id, BlocksOf(bytes, found.BlockBytes));
        return result.IsSuccess ? NamespaceResult.Success : await FailedAsync(result, id);
    }

    public async Task<NamespaceResult> DeleteAsync(uint id)
    {
        if (Refusal() is { } refusal)
        {
            return refusal;
        }

        var result = await commands.DeleteAsync(id);
        return result.IsSuccess ? NamespaceResult.Success : await FailedAsync(result, id);
    }

    public async Task<NamespaceResult> ShowAsync(uint id, int virtualFunction, bool visible)
    {
        if (Refusal() is { } refusal)
        {
            return refusal;
        }

        if (secondaries.ControllerOf(virtualFunction) is not { } controller)
        {
            return NamespaceResult.Failed(NamespaceFailure.Failed, $"virtual function {virtualFunction} has no secondary controller");
        }

        var result = await commands.AttachAsync(id, controller, visible);
        var isSoAlready = result.Outcome == NvmeOutcome.Completed
            && result.Status.Is(visible ? NvmeStatus.NamespaceAlreadyAttached : NvmeStatus.NamespaceNotAttached);
        return result.IsSuccess || isSoAlready ? NamespaceResult.Success : await FailedAsync(result, id);
    }

    private static ulong BlocksOf(ulong bytes, int blockBytes) => (bytes / (ulong)blockBytes) + (bytes % (ulong)blockBytes == 0 ? 0ul : 1);

    private static NamespaceResult NoSuchNamespace(uint id) =>
        NamespaceResult.Failed(NamespaceFailure.NoSuchNamespace, $"the device has no namespace {id}");

    private NamespaceResult? Refusal() =>
        unavailable() is { Length: > 0 } why ? NamespaceResult.Failed(NamespaceFailure.Failed, why)
        : CanManage ? null
        : NamespaceResult.Failed(NamespaceFailure.NotSupported, "this controller has no namespace management (OACS)");

    private async Task<NamespaceResult> FailedAsync(NvmeResult result, uint id)
    {
        if (result.Outcome != NvmeOutcome.Completed)
        {
            return NamespaceResult.Failed(NamespaceFailure.Failed, result.ToString());
        }

        var status = result.Status;
        if (status.Is(NvmeStatus.NamespaceInsufficientCapacity))
        {
            await session.RefreshIdentityAsync();
            return NamespaceResult.Failed(NamespaceFailure.NotEnough, $"{session.Identity.FreeBytes} bytes are free on the device");
        }

        return status switch
        {
            _ when status.Is(NvmeStatus.NamespaceIdentifierUnavailable) =>
                NamespaceResult.Failed(NamespaceFailure.NotEnough, "the device has as many namespaces as it can"),
            _ when status.Is(NvmeStatus.InvalidNamespaceOrFormat) => NoSuchNamespace(id),
            _ when status.Is(NvmeStatus.NamespaceIsPrivate) || status.Is(NvmeStatus.NamespaceAlreadyAttached) =>
                NamespaceResult.Failed(NamespaceFailure.InUse, $"namespace {id} is private and attached to another function"),
            _ when status.Is(NvmeStatus.InvalidField) =>
                NamespaceResult.Failed(NamespaceFailure.NotSupported, $"the controller does not do this to namespace {id}"),
            _ => NamespaceResult.Failed(NamespaceFailure.Failed, result.ToString()),
        };
    }
}
