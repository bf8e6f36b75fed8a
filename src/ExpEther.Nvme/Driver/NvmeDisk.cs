using ExpEther.Core.Scheduling;
using ExpEther.Nvme.Protocol;
using ExpEther.RootComplex.Functions;
using ExpEther.RootComplex.Memory;

namespace ExpEther.Nvme.Driver;

/// <summary>
/// An NVMe disk of the embedded host, in use by its driver. Asynchronous members are for sequences on the owner's scheduler;
/// <see cref="TrySubmit"/> is the data path beneath them and allocates nothing.
/// <para>
/// Life: Starting → Live ⇄ Resetting; from any of them to Stopping → Removed (let go in order), Removed (pulled) or Failed (a reset did not help).
/// No register is read in the I/O path. A <b>watch</b> looks at the age of outstanding commands once a second. While one is older than 2 s it
/// reads CSTS: a controller that reports a fatal status is reset at once, as is one that tells so by an event, and what it had not ended is sent
/// again; no answer says nothing. One past its
/// timeout (30 s) is aborted, one that outlives its abort by 5 s has the controller reset, and it and all others end as timed out; if a
/// reset fails, a function-level reset is tried, then the disk is given up. The moment the slot reports the function gone, every command
/// ends as removed.
/// </para>
/// </summary>
public sealed partial class NvmeDisk
{
    private static readonly Action<NvmeResult, object?> Complete = static (result, waiter) => ((TaskCompletionSource<NvmeResult>)waiter!).TrySetResult(result);
    private static readonly TimeSpan RoomWait = TimeSpan.FromMilliseconds(100);

    private readonly NvmeDriverOptions _options;
    private readonly IEventSink _events;
    private readonly OwnerScheduler _scheduler;
    private readonly ControllerSession _session;
    private readonly OwnerSignal _room;
    private readonly OwnerSignal _stateChanged;
    private readonly IoCommands _commands;
    private readonly NamespaceRescan _rescan;
    private readonly AsyncEventLogs _asyncEvents;
    private readonly CommandRepeats _repeats = new();
    private DiskState _state = DiskState.Starting;
    private bool _watching;
    private bool _hasLostController;

    internal NvmeDisk(PciFunction function, string name, NvmeDriverOptions options, IEventSink events)
    {
        Function = function;
        Name = name;
        _options = options;
        _events = events;
        _scheduler = function.Scheduler;
        _session = new ControllerSession(function, options, OnAsyncEvent);
        _commands = new IoCommands(function, _session);
        _rescan = new NamespaceRescan(_session, _scheduler, events, name, () => _state == DiskState.Live, () => NamespacesChanged?.Invoke(this));
        _asyncEvents = new AsyncEventLogs(
            function, _session.Admin, events, name, () => _state == DiskState.Live,
            log => log == LogPageId.ChangedNamespaceList ? _rescan.RunAsync() : Task.CompletedTask);
        _room = new OwnerSignal(_scheduler);
        _stateChanged = new OwnerSignal(_scheduler);
        function.Gone += OnGone;
    }

    /// <summary>Runs when namespaces came, went, were resized or changed their write protection.</summary>
    public event Action<NvmeDisk>? NamespacesChanged;

    public PciFunction Function { get; }

    /// <summary>As a user names it: nvme0, nvme1…</summary>
    public string Name { get; }

    public string SerialNumber => _session.Identity.SerialNumber;

    /// <summary>SUBNQN: functions of one device have the same.</summary>
    public string SubsystemNqn => _session.Identity.SubsystemNqn;

    /// <summary>CNTLID: no two controllers of a subsystem have the same.</summary>
    public ushort ControllerId => _session.Identity.ControllerId;

    public string ModelNumber => _session.Identity.ModelNumber;

    public string FirmwareRevision => _session.Identity.FirmwareRevision;

    public IReadOnlyList<NvmeNamespace> Namespaces => _session.Namespaces;

    /// <summary>Block size of the first namespace; 0 when there is none.</summary>
    public int BlockBytes => Namespaces.Count > 0 ? Namespaces[0].BlockBytes : 0;

    /// <summary>Size of the first namespace in blocks; 0 when there is none.</summary>
    public ulong Blocks => Namespaces.Count > 0 ? Namespaces[0].Blocks : 0;

    /// <summary>The most a single read or write may move, in bytes.</summary>
    public int MaxTransferBytes => _session.Identity.TransferBytesMax;

    /// <summary>Commands that may be outstanding at once.</summary>
    public int QueueDepth => _session.Pairs.Sum(pair => pair.Entries - 1);

    /// <summary>The controller takes deallocations.</summary>
    public bool CanDeallocate => (_session.Identity.Commands & OptionalNvmCommands.DatasetManagement) != 0;

    /// <summary>False once it was removed, stopped or given up.</summary>
    public bool IsUsable => _state is DiskState.Live or DiskState.Resetting;

    /// <summary>Controller resets since it was started.</summary>
    public int Resets { get; private set; }

    /// <summary>Commands whose end an interrupt told, and those that the watch found ended: many of these are a sign of lost interrupts.</summary>
    public (long ByInterrupt, long WithoutInterrupt) Ended => (_session.ByInterrupt, _session.WithoutInterrupt);

    internal DiskState State => _state;

    /// <summary>A bring-up met a controller that had failed: another one may meet one that works.</summary>
    private bool HasLostController => _hasLostController || _session.HasReportedFatal;

    public Task<NvmeResult> ReadAsync(uint nsid, ulong lba, int blocks, DmaBuffer buffer)
        => SubmitAsync(new NvmeIo(NvmeIoOperation.Read, nsid, lba, blocks, buffer));

    public Task<NvmeResult> WriteAsync(uint nsid, ulong lba, int blocks, DmaBuffer buffer)
        => SubmitAsync(new NvmeIo(NvmeIoOperation.Write, nsid, lba, blocks, buffer));

    public Task<NvmeResult> WriteZeroesAsync(uint nsid, ulong lba, int blocks)
        => SubmitAsync(new NvmeIo(NvmeIoOperation.WriteZeroes, nsid, lba, blocks, default));

    /// <summary>
    /// Tells the disk that the ranges' contents are no longer wanted (Dataset Management). Success promises that they read as zeroes only
    /// where <see cref="NvmeNamespace.DeallocatedReadsZeroes"/> says so.
    /// </summary>
    /// <param name="nsid">NSID.</param>
    /// <param name="ranges">1 to 256, each within the namespace.</param>
    /// <returns>An invalid request where <see cref="CanDeallocate"/> is false, or a range is not possible.</returns>
    public async Task<NvmeResult> DeallocateAsync(uint nsid, IReadOnlyList<BlockRange> ranges)
    {
        var done = new TaskCompletionSource<NvmeResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        var all = ranges.ToArray();
        while (!TryDeallocate(nsid, all, Complete, done))
        {
            await _room.Next(_scheduler.Now + RoomWait);
        }

        var result = await done.Task;
        _room.Set();
        return result;
    }

    public Task<NvmeResult> FlushAsync(uint nsid) => SubmitAsync(new NvmeIo(NvmeIoOperation.Flush, nsid, 0, 0, default));

    /// <summary>Identify with the given CNS into a page-aligned 4 KB buffer.</summary>
    public Task<NvmeResult> IdentifyAsync(byte cns, uint nsid, DmaBuffer buffer)
        => buffer.Bytes < NvmeSizes.IdentifyBytes || buffer.Address.Value % NvmeSizes.PageBytesMin != 0
            ? Task.FromResult(NvmeResult.Failed(NvmeOutcome.InvalidRequest))
            : _session.Admin.IdentifyAsync((IdentifyCns)cns, nsid, buffer);

    /// <summary>Resets the controller; outstanding commands end as timed out.</summary>
    /// <returns>False: it did not come back, and the disk is given up.</returns>
    public Task<bool> ResetAsync() => _scheduler.Run(() => RecoverAsync(NvmeOutcome.TimedOut));

    /// <summary>
    /// The data path: starts a command without allocating; <paramref name="done"/> runs on the owner's thread when it ended, never inside
    /// this call.
    /// </summary>
    /// <param name="io">What to do.</param>
    /// <param name="done">Gets the result and <paramref name="state"/>.</param>
    /// <param name="state">Anything the caller likes.</param>
    /// <returns>False: every slot of every queue is in use, or the controller is being reset; try again after a completion.</returns>
    public bool TrySubmit(in NvmeIo io, Action<NvmeResult, object?> done, object? state)
    {
        if (io.Operation == NvmeIoOperation.Deallocate)
        {
            return TryDeallocate(io.Namespace, [new BlockRange(io.Lba, (uint)Math.Max(io.Blocks, 0))], done, state);
        }

        if (Refusal(_commands.IsPossible(io)) is { } refusal)
        {
            EndSoon(refusal, done, state);
            return true;
        }

        if (_state != DiskState.Live || !_commands.TryFindPair(out var pair, out var slot))
        {
            return false;
        }

        pair.Submit(slot, _commands.Make(io, pair, slot), done, state, _scheduler.Now + _options.CommandTimeout, io);
        return true;
    }

    /// <summary>The data path of <see cref="DeallocateAsync"/>, as <see cref="TrySubmit"/>.</summary>
    /// <param name="nsid">NSID.</param>
    /// <param name="ranges">1 to 256, each within the namespace; they are copied.</param>
    /// <param name="done">Gets the result and <paramref name="state"/>.</param>
    /// <param name="state">Anything the caller likes.</param>
    /// <returns>False: no room now; try again after a completion.</returns>
    public bool TryDeallocate(uint nsid, ReadOnlySpan<BlockRange> ranges, Action<NvmeResult, object?> done, object? state)
    {
        if (Refusal(_commands.IsPossible(nsid, ranges)) is { } refusal)
        {
            EndSoon(refusal, done, state);
            return true;
        }

        if (_state != DiskState.Live || !_commands.TryFindPair(out var pair, out var slot))
        {
            return false;
        }

        pair.Submit(
            slot, _commands.MakeDeallocation(nsid, ranges, pair, slot), done, state, _scheduler.Now + _options.CommandTimeout,
            DeallocationOf(nsid, ranges));
        return true;
    }

    /// <returns>Null, or why it did not start.</returns>
    internal async Task<string?> StartAsync()
    {
        _watching = true;
        _scheduler.Start(WatchAsync);
        var error = await _session.StartAsync();
        for (var tries = 1; error is not null && HasLostController && tries < NvmeDriverLimits.RecoveryTriesMax && _state == DiskState.Starting; tries++)
        {
            // Its box came back under the bring-up, which a new controller knows nothing of.
            error = await Function.ResetAsync() ? await _session.StartAsync() : error;
        }

        if (_state == DiskState.Starting)
        {
            SetState(error is null ? DiskState.Live : DiskState.Failed);
        }

        return _state == DiskState.Live ? null : error ?? "it was removed meanwhile";
    }

    /// <summary>Ends the disk: outstanding commands first, then queues and controller, then memory and interrupts.</summary>
    internal async Task StopAsync(bool surprise)
    {
        // A reset under way ends by itself, bounded.
        await _stateChanged.WaitUntil(() => _state is not (DiskState.Resetting or DiskState.Starting), NvmeDriverLimits.SilenceMax * 10);
        if (!surprise && _state == DiskState.Live)
        {
            SetState(DiskState.Stopping);
            await QuiesceAsync();
            await _session.ShutDownAsync();
        }

        SetState(DiskState.Removed);
        _watching = false;
        await _session.CloseAsync(NvmeOutcome.Removed);
        _repeats.EndAll(NvmeOutcome.Removed);
        await Function.DisableMsixAsync();
        await Function.SetBusMasterAsync(false);
        Function.Gone -= OnGone;
    }

    private async Task<NvmeResult> SubmitAsync(NvmeIo io)
    {
        var done = new TaskCompletionSource<NvmeResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        while (!TrySubmit(io, Complete, done))
        {
            await _room.Next(_scheduler.Now + RoomWait);
        }

        var result = await done.Task;
        _room.Set();
        return result;
    }

    private async Task QuiesceAsync()
    {
        var deadline = _scheduler.Now + NvmeDriverLimits.QuiesceTime;
        while (_session.Pairs.Any(pair => pair.Outstanding > 0) && Function.IsPresent && _scheduler.Now < deadline)
        {
            await _scheduler.Delay(NvmeDriverLimits.RegisterPoll);
        }
    }

    private void OnGone()
    {
        if (_state is not (DiskState.Failed or DiskState.Removed))
        {
            SetState(DiskState.Removed);
        }

        _session.FailAll(NvmeOutcome.Removed);
        _repeats.EndAll(NvmeOutcome.Removed);
    }

    private void SetState(DiskState state)
    {
        _state = state;
        _stateChanged.Set();
        _room.Set();
        _asyncEvents.ReadWaiting();
    }

    private void EndSoon(NvmeOutcome outcome, Action<NvmeResult, object?> done, object? state)
        => _scheduler.Post(_ => done(NvmeResult.Failed(outcome), state), null);

    /// <summary>How a command ends at once; null: it is sent.</summary>
    private NvmeOutcome? Refusal(bool isPossible) =>
        IsUsable ? isPossible ? null : NvmeOutcome.InvalidRequest
        : _state == DiskState.Failed ? NvmeOutcome.ControllerFailed : NvmeOutcome.Removed;
}
