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
/// No register is read in the I/O path. A <b>watch</b> looks at the age of outstanding commands once a second: one past its timeout (30 s) is aborted, one
/// that outlives its abort by 5 s has the controller reset, and its command and all others end as timed out; if the reset fails, a
/// function-level reset is tried, then the disk is given up. The moment the slot reports the function gone, every command ends as removed.
/// </para>
/// </summary>
public sealed class NvmeDisk
{
    private static readonly Action<NvmeResult, object?> Complete = static (result, waiter) => ((TaskCompletionSource<NvmeResult>)waiter!).TrySetResult(result);
    private static readonly TimeSpan RoomWait = TimeSpan.FromMilliseconds(100);

    private readonly NvmeDriverOptions _options;
    private readonly IEventSink _events;
    private readonly OwnerScheduler _scheduler;
    private readonly ControllerSession _session;
    private readonly OwnerSignal _room;
    private readonly OwnerSignal _stateChanged;
    private DiskState _state = DiskState.Starting;
    private bool _watching;
    private int _nextPair;

    internal NvmeDisk(PciFunction function, string name, NvmeDriverOptions options, IEventSink events)
    {
        Function = function;
        Name = name;
        _options = options;
        _events = events;
        _scheduler = function.Scheduler;
        _session = new ControllerSession(function, options, OnAsyncEvent);
        _room = new OwnerSignal(_scheduler);
        _stateChanged = new OwnerSignal(_scheduler);
        function.Gone += OnGone;
    }

    /// <summary>Runs when namespaces appeared, went or changed.</summary>
    public event Action<NvmeDisk>? NamespacesChanged;

    public PciFunction Function { get; }

    /// <summary>As a user names it: nvme0, nvme1…</summary>
    public string Name { get; }

    public string SerialNumber => _session.Identity.SerialNumber;

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

    /// <summary>False once it was removed, stopped or given up.</summary>
    public bool IsUsable => _state is DiskState.Live or DiskState.Resetting;

    /// <summary>Controller resets since it was started.</summary>
    public int Resets { get; private set; }

    internal DiskState State => _state;

    public Task<NvmeResult> ReadAsync(uint nsid, ulong lba, int blocks, DmaBuffer buffer)
        => SubmitAsync(new NvmeIo(NvmeIoOperation.Read, nsid, lba, blocks, buffer));

    public Task<NvmeResult> WriteAsync(uint nsid, ulong lba, int blocks, DmaBuffer buffer)
        => SubmitAsync(new NvmeIo(NvmeIoOperation.Write, nsid, lba, blocks, buffer));

    public Task<NvmeResult> WriteZeroesAsync(uint nsid, ulong lba, int blocks)
        => SubmitAsync(new NvmeIo(NvmeIoOperation.WriteZeroes, nsid, lba, blocks, default));

    public Task<NvmeResult> FlushAsync(uint nsid) => SubmitAsync(new NvmeIo(NvmeIoOperation.Flush, nsid, 0, 0, default));

    /// <summary>Identify with the given CNS into a page-aligned 4 KB buffer.</summary>
    public Task<NvmeResult> IdentifyAsync(byte cns, uint nsid, DmaBuffer buffer)
        => buffer.Bytes < NvmeSizes.IdentifyBytes || buffer.Address.Value % NvmeSizes.PageBytesMin != 0
            ? Task.FromResult(NvmeResult.Failed(NvmeOutcome.InvalidRequest))
            : _session.Admin.IdentifyAsync((IdentifyCns)cns, nsid, buffer);

    /// <summary>Resets the controller; outstanding commands end as timed out.</summary>
    /// <returns>False: it did not come back, and the disk is given up.</returns>
    public Task<bool> ResetAsync() => _scheduler.Run(RecoverAsync);

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
        if (!IsUsable)
        {
            EndSoon(_state == DiskState.Failed ? NvmeOutcome.ControllerFailed : NvmeOutcome.Removed, done, state);
            return true;
        }

        if (!IsPossible(io))
        {
            EndSoon(NvmeOutcome.InvalidRequest, done, state);
            return true;
        }

        if (_state != DiskState.Live || !TryFindPair(out var pair, out var slot))
        {
            return false;
        }

        pair.Submit(slot, CommandOf(io, pair, slot), done, state, _scheduler.Now + _options.CommandTimeout);
        return true;
    }

    /// <returns>Null, or why it did not start.</returns>
    internal async Task<string?> StartAsync()
    {
        _watching = true;
        _scheduler.Start(WatchAsync);
        var error = await _session.StartAsync();
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
    }

    private void OnAsyncEvent(AsyncEvent what) => _scheduler.Start(async () =>
    {
        _events.Report(EventSeverity.Warning, Name, $"asynchronous event: {what.Type}, {what.Information}");
        if (_state == DiskState.Live && Function.Memory.TryAllocate(NvmeSizes.IdentifyBytes, NvmeSizes.PageBytesMin, DmaRights.ReadWrite, out var page))
        {
            // Reading the log page re-arms the event (NVMe 1.4 §5.2).
            await _session.Admin.GetLogPageAsync(what.LogPage, page);
            Function.Memory.Free(page);
        }

        if (_state == DiskState.Live && what.LogPage == LogPageId.ChangedNamespaceList)
        {
            await _session.RefreshNamespacesAsync();
            NamespacesChanged?.Invoke(this);
        }
    });

    private async Task WatchAsync()
    {
        while (_watching)
        {
            await _scheduler.Delay(NvmeDriverLimits.WatchInterval);
            if (_watching && Function.IsPresent)
            {
                await LookAsync();
            }
        }
    }

    private async Task LookAsync()
    {
        // An interrupt may be lost; what has completed is not overdue.
        _session.ProcessAll();
        var next = _scheduler.Now + NvmeDriverLimits.AbortTime;
        if (_session.Admin.Queue is { } admin && admin.TryFindOverdue(_scheduler.Now, next, out _, out _))
        {
            _events.Report(EventSeverity.Warning, Name, "an admin command timed out");
            await OnControllerSilentAsync();
            return;
        }

        foreach (var pair in _session.Pairs)
        {
            while (pair.TryFindOverdue(_scheduler.Now, next, out var commandId, out var again))
            {
                if (again)
                {
                    await OnControllerSilentAsync();
                    return;
                }

                _events.Report(EventSeverity.Warning, Name, $"command {commandId} of queue {pair.Id} timed out: aborting it");
                // Its own end is watched like any admin command's.
                _ = _session.Admin.AbortAsync(pair, commandId);
            }
        }
    }

    private async Task OnControllerSilentAsync()
    {
        if (_state == DiskState.Live)
        {
            _scheduler.Start(RecoverAsync);
            return;
        }

        // A bring-up, reset or stop awaits an admin command: end it, and that sequence sees that it failed.
        if (!await _session.DisableAsync())
        {
            await Function.SetBusMasterAsync(false);
        }

        _session.FailAll(NvmeOutcome.TimedOut);
    }

    private async Task<bool> RecoverAsync()
    {
        if (_state != DiskState.Live)
        {
            await _stateChanged.WaitUntil(() => _state is not DiskState.Resetting, NvmeDriverLimits.SilenceMax);
            return _state == DiskState.Live;
        }

        SetState(DiskState.Resetting);
        Resets++;
        _events.Report(EventSeverity.Warning, Name, "resetting the controller");
        var error = await _session.CloseAsync(NvmeOutcome.TimedOut) ? await _session.StartAsync() : "it does not become disabled";
        if (error is not null && _state == DiskState.Resetting && await Function.ResetAsync())
        {
            error = await _session.StartAsync();
        }

        if (_state == DiskState.Resetting)
        {
            SetState(error is null ? DiskState.Live : DiskState.Failed);
            _events.Report(
                error is null ? EventSeverity.Information : EventSeverity.Error, Name,
                error is null ? "the controller is back" : $"the controller is given up: {error}");
        }

        _room.Set();
        return _state == DiskState.Live;
    }

    private void SetState(DiskState state)
    {
        _state = state;
        _stateChanged.Set();
        _room.Set();
    }

    private void EndSoon(NvmeOutcome outcome, Action<NvmeResult, object?> done, object? state)
        => _scheduler.Post(_ => done(NvmeResult.Failed(outcome), state), null);

    private bool IsPossible(in NvmeIo io)
    {
        NvmeNamespace? target = null;
        for (var i = 0; i < Namespaces.Count; i++)
        {
            if (Namespaces[i].Id == io.Namespace)
            {
                target = Namespaces[i];
            }
        }

        if (target is null)
        {
            return false;
        }

        if (io.Operation == NvmeIoOperation.Flush)
        {
            return true;
        }

        if (io.Blocks is < 1 or > 65536 || io.Lba >= target.Blocks || (ulong)io.Blocks > target.Blocks - io.Lba)
        {
            return false;
        }

        return io.Operation == NvmeIoOperation.WriteZeroes
            || ((io.Buffer.Address.Value & 3) == 0 && io.Buffer.Bytes == (long)io.Blocks * target.BlockBytes && io.Buffer.Bytes <= MaxTransferBytes);
    }

    private bool TryFindPair(out QueuePair pair, out int slot)
    {
        var pairs = _session.Pairs;
        for (var tries = 0; tries < pairs.Count; tries++)
        {
            _nextPair = (_nextPair + 1) % pairs.Count;
            if (pairs[_nextPair].TryTakeSlot(out slot))
            {
                pair = pairs[_nextPair];
                return true;
            }
        }

        pair = null!;
        slot = -1;
        return false;
    }

    private NvmeCommand CommandOf(in NvmeIo io, QueuePair pair, int slot)
    {
        var opcode = io.Operation switch
        {
            NvmeIoOperation.Read => IoOpcode.Read,
            NvmeIoOperation.Write => IoOpcode.Write,
            NvmeIoOperation.WriteZeroes => IoOpcode.WriteZeroes,
            _ => IoOpcode.Flush,
        };
        if (io.Operation == NvmeIoOperation.Flush)
        {
            return new NvmeCommand((byte)opcode, io.Namespace);
        }

        var hasData = io.Operation != NvmeIoOperation.WriteZeroes;
        return new NvmeCommand(
            (byte)opcode, io.Namespace,
            hasData ? io.Buffer.Address.Value : 0,
            hasData ? PrpList.Prp2Of(io.Buffer, Function.Memory, pair.ListOf(slot)) : 0,
            (uint)io.Lba, (uint)(io.Lba >> 32), (uint)(io.Blocks - 1));
    }
}
