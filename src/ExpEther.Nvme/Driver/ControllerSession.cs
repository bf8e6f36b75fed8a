using ExpEther.Core.Time;
using ExpEther.Nvme.Protocol;
using ExpEther.RootComplex.Functions;
using ExpEther.RootComplex.Memory;

namespace ExpEther.Nvme.Driver;

/// <summary>
/// One bring-up of a controller, from reset to working queues, and its end (NVMe 1.4 §7.6.1, §7.6.2, §7.3).
/// Each step is bounded: registers by CAP.TO, commands by their timeout, which the disk's watch enforces.
/// </summary>
internal sealed class ControllerSession(PciFunction function, NvmeDriverOptions options, Action<AsyncEvent> onEvent)
{
    private readonly NvmeRegisters _registers = new(function);
    private readonly List<QueuePair> _pairs = [];
    private TimeSpan _readyTimeout = TimeSpan.FromMilliseconds(500);
    private int _vectors;
    private int _entries;
    private int _stride;

    public AdminCommands Admin { get; } = new(function, options);

    public IReadOnlyList<QueuePair> Pairs => _pairs;

    public IdentifiedController Identity { get; private set; } = IdentifiedController.None;

    public IReadOnlyList<NvmeNamespace> Namespaces { get; private set; } = [];

    /// <summary>A bring-up ended with CSTS.CFS.</summary>
    public bool HasReportedFatal { get; private set; }

    /// <summary>Brings the controller up.</summary>
    /// <returns>Null, or why not.</returns>
    public async Task<string?> StartAsync()
    {
        if (!function.Memory.TryAllocate(NvmeSizes.IdentifyBytes, NvmeSizes.PageBytesMin, DmaRights.ReadWrite, out var page))
        {
            return "host memory is used up";
        }

        var error = await EnableAsync() ?? await IdentifyAsync(page) ?? await CreateQueuesAsync() ?? await FinishAsync(page);
        if (error is not null)
        {
            await CloseAsync(NvmeOutcome.ControllerFailed);
        }

        function.Memory.Free(page);
        return error;
    }

    /// <summary>Commands whose end an interrupt told.</summary>
    public long ByInterrupt { get; private set; }

    /// <summary>Commands whose end was seen before its interrupt, or without one.</summary>
    public long WithoutInterrupt { get; private set; }

    /// <summary>Runs the completions of the queues that a vector belongs to.</summary>
    public void OnInterrupt(int vector)
    {
        if (vector == 0)
        {
            ByInterrupt += Admin.Queue?.ProcessCompletions() ?? 0;
        }

        for (var i = 0; i < _pairs.Count; i++)
        {
            if (VectorOf(_pairs[i].Id) == vector)
            {
                ByInterrupt += _pairs[i].ProcessCompletions();
            }
        }
    }

    /// <summary>Looks at every queue, in case an interrupt was lost.</summary>
    public void ProcessAll()
    {
        WithoutInterrupt += Admin.Queue?.ProcessCompletions() ?? 0;
        for (var i = 0; i < _pairs.Count; i++)
        {
            WithoutInterrupt += _pairs[i].ProcessCompletions();
        }
    }

    public void FailAll(NvmeOutcome outcome)
    {
        foreach (var pair in _pairs)
        {
            pair.FailAll(outcome);
        }

        Admin.Queue?.FailAll(outcome);
    }

    /// <summary>Whether commands are waited for that were sent before <paramref name="since"/> and the controller says that it has failed.</summary>
    public async Task<bool> HasFailedSinceAsync(Instant since)
    {
        var isWaiting = Admin.Queue?.HasOlderThan(since) == true;
        foreach (var pair in _pairs)
        {
            isWaiting |= pair.HasOlderThan(since);
        }

        return isWaiting && await _registers.TryReadStatusAsync() is { Cfs: true };
    }

    /// <summary>Deletes the queues and tells the controller to shut down (§7.6.2).</summary>
    public async Task ShutDownAsync()
    {
        foreach (var pair in _pairs)
        {
            await Admin.DeleteAsync(pair);
        }

        if (await _registers.Read32Async(NvmeRegister.Cc) is { } cc)
        {
            await _registers.Write32Async(NvmeRegister.Cc, new ControllerConfiguration(cc).With(ShutdownNotification.Normal).Value);
            await _registers.WaitStatusAsync(status => status.Shst == ShutdownStatus.Complete, NvmeDriverLimits.ShutdownTime);
        }
    }

    /// <summary>
    /// Disables the controller, so that it reaches no memory any more, and takes everything back. Commands end with
    /// <paramref name="outcome"/>.
    /// </summary>
    /// <param name="outcome">Of commands that are not to be repeated.</param>
    /// <param name="unfinished">Gets the I/O commands instead, none of which has ended; null: they end too.</param>
    /// <returns>False: it did not become disabled.</returns>
    public async Task<bool> CloseAsync(NvmeOutcome outcome, ICollection<UnfinishedCommand>? unfinished = null)
    {
        if (Admin.Queue is null)
        {
            return true; // never enabled, or closed already
        }

        var disabled = await DisableAsync();
        if (!disabled)
        {
            // With bus mastering off its requests are refused on the way.
            await function.SetBusMasterAsync(false);
        }

        // What has completed is not repeated: its completion may have come without an interrupt.
        ProcessAll();
        foreach (var pair in unfinished is null ? [] : _pairs)
        {
            pair.TakeUnfinished(unfinished!);
        }

        FailAll(outcome);
        foreach (var pair in _pairs)
        {
            pair.Free();
        }

        _pairs.Clear();
        Admin.Queue?.Free();
        Admin.Queue = null;
        return disabled;
    }

    /// <summary>Clears CC.EN and waits for CSTS.RDY to follow (§7.3.2).</summary>
    public async Task<bool> DisableAsync()
    {
        if (await _registers.Read32Async(NvmeRegister.Cc) is not { } cc)
        {
            return !function.IsPresent;
        }

        return await _registers.Write32Async(NvmeRegister.Cc, cc & ~ControllerConfiguration.EnableBit)
            && await _registers.WaitStatusAsync(status => !status.Rdy, _readyTimeout);
    }

    /// <summary>Reads the namespaces again.</summary>
    /// <returns>False: they could not be read; what was known stays.</returns>
    public async Task<bool> RefreshNamespacesAsync()
    {
        if (!function.Memory.TryAllocate(NvmeSizes.IdentifyBytes, NvmeSizes.PageBytesMin, DmaRights.ReadWrite, out var page))
        {
            return false;
        }

        var namespaces = await Admin.ListNamespacesAsync(page);
        Namespaces = namespaces ?? Namespaces;
        function.Memory.Free(page);
        return namespaces is not null;
    }

    /// <summary>Identifies the controller again: some of what it tells changes.</summary>
    public async Task<bool> RefreshIdentityAsync()
    {
        if (!function.Memory.TryAllocate(NvmeSizes.IdentifyBytes, NvmeSizes.PageBytesMin, DmaRights.ReadWrite, out var page))
        {
            return false;
        }

        var identity = await Admin.IdentifyControllerAsync(page);
        Identity = identity ?? Identity;
        function.Memory.Free(page);
        return identity is not null;
    }

    /// <summary>CSTS; null: no answer.</summary>
    public Task<ControllerStatus?> TryReadStatusAsync() => _registers.TryReadStatusAsync();

    private async Task<string?> EnableAsync()
    {
        // Enumeration found no BAR 0, or no room for it.
        if (!function.Bars.Any(bar => bar.Index == 0 && bar.IsAssigned && bar.SizeBytes > NvmeRegister.Doorbells))
        {
            return "its registers have no address";
        }

        await function.SetBusMasterAsync(true);
        if (await _registers.Read64Async(NvmeRegister.Cap) is not { } value)
        {
            return "its registers do not answer";
        }

        var capabilities = new ControllerCapabilities(value);
        _readyTimeout = TimeSpan.FromMilliseconds(500 * Math.Max(capabilities.To, 1));
        if ((capabilities.Css & 1) == 0 || capabilities.MpsMin > 0)
        {
            return "it does not support the NVM command set with 4 KiB pages";
        }

        var pairs = Math.Min(options.QueuePairs, NvmeDriverLimits.QueuePairsMax);
        var registers = function.Bars.First(bar => bar.Index == 0);
        if (capabilities.Mqes < 1 || (ulong)NvmeRegister.CompletionHead(pairs, capabilities.Dstrd) + sizeof(uint) > registers.SizeBytes)
        {
            return "its capabilities make no sense: queues of one entry, or doorbells outside its registers (CAP.MQES, CAP.DSTRD)";
        }

        if (!await DisableAsync())
        {
            return "it does not become disabled";
        }

        var entries = Math.Min(capabilities.Mqes + 1, NvmeDriverLimits.AdminQueueEntries);
        Admin.Queue = QueuePair.TryCreate(function, 0, entries, capabilities.Dstrd);
        if (Admin.Queue is null)
        {
            return "host memory is used up";
        }

        var size = (uint)(entries - 1);
        var written = await _registers.Write32Async(NvmeRegister.Aqa, size | (size << 16))
            && await _registers.Write64Async(NvmeRegister.Asq, Admin.Queue.SubmissionAddress.Value)
            && await _registers.Write64Async(NvmeRegister.Acq, Admin.Queue.CompletionAddress.Value)
            && await _registers.Write32Async(NvmeRegister.Cc, ControllerConfiguration.Enabled(0).Value);
        if (!written || !await _registers.WaitStatusAsync(status => status.Rdy || status.Cfs, _readyTimeout))
        {
            return "it does not become ready";
        }

        if (await _registers.TryReadStatusAsync() is { Cfs: true })
        {
            HasReportedFatal = true;
            return "it reports a fatal status (CSTS.CFS)";
        }

        _entries = Math.Min(capabilities.Mqes + 1, Math.Min(options.QueueEntries, NvmeDriverLimits.QueueEntriesMax));
        _stride = capabilities.Dstrd;
        _vectors = function.VectorCount > 0
            ? function.VectorCount
            : await function.EnableMsixAsync(1 + Math.Min(options.QueuePairs, NvmeDriverLimits.QueuePairsMax), OnInterrupt);
        return _vectors == 0 ? "it has no MSI-X, or no interrupt vector is free" : null;
    }

    private async Task<string?> IdentifyAsync(DmaBuffer page)
    {
        if (await Admin.IdentifyControllerAsync(page) is not { } identity)
        {
            return "it does not identify itself";
        }

        Identity = identity;
        return null;
    }

    private async Task<string?> CreateQueuesAsync()
    {
        if (options.QueuePairs == 0)
        {
            return null;
        }

        var count = await Admin.SetQueueCountAsync(Math.Min(options.QueuePairs, NvmeDriverLimits.QueuePairsMax));
        for (var id = 1; id <= count; id++)
        {
            if (QueuePair.TryCreate(function, id, _entries, _stride) is not { } pair)
            {
                return "host memory is used up";
            }

            _pairs.Add(pair);
            if (!await Admin.CreateAsync(pair, VectorOf(id)))
            {
                return $"it refuses I/O queue pair {id}";
            }
        }

        return count == 0 ? "it gives no I/O queues" : null;
    }

    private async Task<string?> FinishAsync(DmaBuffer page)
    {
        await Admin.ConfigureAsyncEventsAsync();
        for (var i = 0; i < Identity.AsyncEventRequests; i++)
        {
            PostAsyncEventRequest();
        }

        if (await Admin.ListNamespacesAsync(page) is not { } namespaces)
        {
            return "it does not list its namespaces";
        }

        Namespaces = namespaces;
        return null;
    }

    private int VectorOf(int queue) => queue == 0 || _vectors == 1 ? 0 : 1 + ((queue - 1) % (_vectors - 1));

    private void PostAsyncEventRequest()
    {
        if (Admin.Queue is { } queue && queue.TryTakeSlot(out var slot))
        {
            queue.Submit(slot, new NvmeCommand(AdminOpcode.AsynchronousEventRequest), OnAsyncEvent, null, Instant.Never);
        }
    }

    private void OnAsyncEvent(NvmeResult result, object? state)
    {
        if (result.IsSuccess)
        {
            onEvent(AsyncEvent.FromResult(result.Value));
            PostAsyncEventRequest();
        }
    }
}
