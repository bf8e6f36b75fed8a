using System.Buffers.Binary;
using ExpEther.Nvme.Protocol;
using ExpEther.RootComplex.Functions;
using ExpEther.RootComplex.Memory;

namespace ExpEther.Nvme.Driver;

/// <summary>The admin commands this driver sends, each as a sequence that ends with its completion (NVMe 1.4 §5).</summary>
internal sealed class AdminCommands(PciFunction function, NvmeDriverOptions options)
{
    private static readonly Action<NvmeResult, object?> Complete = static (result, waiter) => ((TaskCompletionSource<NvmeResult>)waiter!).TrySetResult(result);

    /// <summary>The admin queue; null while the controller is down.</summary>
    public QueuePair? Queue { get; set; }

    public Task<NvmeResult> SendAsync(in NvmeCommand command)
    {
        // After the function is gone nobody would end a new command: what was outstanding then has ended already.
        if (!function.IsPresent || Queue is null || !Queue.TryTakeSlot(out var slot))
        {
            return Task.FromResult(NvmeResult.Failed(function.IsPresent ? NvmeOutcome.ControllerFailed : NvmeOutcome.Removed));
        }

        var done = new TaskCompletionSource<NvmeResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        Queue.Submit(slot, command, Complete, done, function.Scheduler.Now + options.CommandTimeout);
        return done.Task;
    }

    /// <param name="cns">What.</param>
    /// <param name="nsid">NSID, or where a list of namespaces begins.</param>
    /// <param name="page">Gets 4096 bytes.</param>
    /// <param name="controllerId">CNTID: where a list of controllers begins.</param>
    public Task<NvmeResult> IdentifyAsync(IdentifyCns cns, uint nsid, DmaBuffer page, ushort controllerId = 0)
        => SendAsync(new NvmeCommand(AdminOpcode.Identify, nsid, page.Address.Value, (uint)cns | ((uint)controllerId << 16)));

    /// <returns>Null: it failed.</returns>
    public async Task<IdentifiedController?> IdentifyControllerAsync(DmaBuffer page)
    {
        var result = await IdentifyAsync(IdentifyCns.Controller, 0, page);
        return result.IsSuccess ? Describe(new IdentifyController(function.Memory.SpanOf(page))) : null;
    }

    /// <summary>The active namespaces, in order of their identifiers.</summary>
    /// <returns>Null: it failed.</returns>
    public async Task<IReadOnlyList<NvmeNamespace>?> ListNamespacesAsync(DmaBuffer page)
    {
        if (!(await IdentifyAsync(IdentifyCns.ActiveNamespaceList, 0, page)).IsSuccess)
        {
            return null;
        }

        var ids = new List<uint>();
        for (var i = 0; i < NvmeDriverLimits.NamespacesMax; i++)
        {
            var id = BinaryPrimitives.ReadUInt32LittleEndian(function.Memory.SpanOf(page)[(i * 4)..]);
            if (id == 0)
            {
                break;
            }

            ids.Add(id);
        }

        var namespaces = new List<NvmeNamespace>();
        foreach (var id in ids)
        {
            var result = await IdentifyAsync(IdentifyCns.Namespace, id, page);
            if (result.Outcome != NvmeOutcome.Completed)
            {
                return null;
            }

            // A refusal means that it went meanwhile.
            if (result.IsSuccess && Describe(id, new IdentifyNamespace(function.Memory.SpanOf(page))) is { } described)
            {
                namespaces.Add(described);
            }
        }

        return namespaces;
    }

    /// <summary>Asks for I/O queue pairs.</summary>
    /// <returns>How many the controller gives; 0: it failed.</returns>
    public async Task<int> SetQueueCountAsync(int pairs)
    {
        var coded = (uint)(pairs - 1);
        var result = await SendAsync(new NvmeCommand(AdminOpcode.SetFeatures, dw10: (uint)FeatureId.NumberOfQueues, dw11: coded | (coded << 16)));
        return result.IsSuccess ? Math.Min(pairs, Math.Min((int)(result.Value & 0xFFFF), (int)(result.Value >> 16)) + 1) : 0;
    }

    /// <summary>Creates a pair's completion queue, with an interrupt, and then its submission queue.</summary>
    public async Task<bool> CreateAsync(QueuePair pair, int vector)
    {
        const uint PhysicallyContiguous = 1;
        const uint InterruptsEnabled = 2;
        var size = ((uint)(pair.Entries - 1) << 16) | (uint)pair.Id;
        return (await SendAsync(new NvmeCommand(
                AdminOpcode.CreateIoCompletionQueue, prp1: pair.CompletionAddress.Value, dw10: size,
                dw11: ((uint)vector << 16) | InterruptsEnabled | PhysicallyContiguous))).IsSuccess
            && (await SendAsync(new NvmeCommand(
                AdminOpcode.CreateIoSubmissionQueue, prp1: pair.SubmissionAddress.Value, dw10: size,
                dw11: ((uint)pair.Id << 16) | PhysicallyContiguous))).IsSuccess;
    }

    public async Task DeleteAsync(QueuePair pair)
    {
        if ((await SendAsync(new NvmeCommand(AdminOpcode.DeleteIoSubmissionQueue, dw10: (uint)pair.Id))).IsSuccess)
        {
            await SendAsync(new NvmeCommand(AdminOpcode.DeleteIoCompletionQueue, dw10: (uint)pair.Id));
        }
    }

    public Task<NvmeResult> AbortAsync(QueuePair pair, ushort commandId)
        => SendAsync(new NvmeCommand(AdminOpcode.Abort, dw10: ((uint)commandId << 16) | (uint)pair.Id));

    /// <summary>Asks for SMART warnings and namespace changes to be told.</summary>
    public Task<NvmeResult> ConfigureAsyncEventsAsync()
        => SendAsync(new NvmeCommand(AdminOpcode.SetFeatures, dw10: (uint)FeatureId.AsynchronousEventConfiguration, dw11: 0x11F));

    /// <summary>Reads the first page of a log, which re-arms its events.</summary>
    public Task<NvmeResult> GetLogPageAsync(LogPageId log, DmaBuffer page)
        => SendAsync(new NvmeCommand(
            AdminOpcode.GetLogPage, NvmeSizes.BroadcastNamespace, page.Address.Value, (uint)log | ((NvmeSizes.IdentifyBytes / 4 - 1) << 16)));

    private static IdentifiedController Describe(in IdentifyController identify)
    {
        var limit = NvmeDriverLimits.TransferBytesMax;
        var mdts = identify.MaxDataTransfer;
        return new IdentifiedController(
            identify.SerialNumber, identify.ModelNumber, identify.FirmwareRevision,
            mdts is 0 or > 15 ? limit : Math.Min(limit, NvmeSizes.PageBytesMin << mdts),
            Math.Min(identify.AsyncEventRequestLimit + 1, NvmeDriverLimits.AsyncEventRequestsMax),
            identify.OptionalNvmCommands)
        {
            SubsystemNqn = identify.SubsystemNqn,
            ControllerId = identify.ControllerId,
            AdminCommands = identify.OptionalAdminCommands,
            VendorFeatures = identify.VendorFeatures,
            TotalBytes = (ulong)UInt128.Min(identify.TotalCapacity, ulong.MaxValue),
            FreeBytes = (ulong)UInt128.Min(identify.UnallocatedCapacity, ulong.MaxValue),
        };
    }

    /// <summary>Null: a namespace that cannot be used here (inactive, with metadata, or with blocks of an odd size).</summary>
    private static NvmeNamespace? Describe(uint id, in IdentifyNamespace identify)
    {
        var format = identify.Format;
        return identify.Size == 0 || format.MetadataBytes != 0 || format.DataSizeLog2 is < 9 or > 16
            ? null
            : new NvmeNamespace(id, format.BlockBytes, identify.Size, identify.IsWriteProtected)
            {
                DeallocatedReadsZeroes =
                    (identify.DeallocateFeatures & DeallocateFeatures.ReadBehaviorMask) == DeallocateFeatures.ReadsZeroes,
                DeallocateGranularity = identify.HasOptimalSizes ? identify.PreferredDeallocateGranularity + 1 : 1,
            };
    }
}
