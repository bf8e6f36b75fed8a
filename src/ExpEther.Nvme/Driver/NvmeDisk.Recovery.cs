using ExpEther.Nvme.Protocol;

namespace ExpEther.Nvme.Driver;

/// <summary>How a disk notices that its controller has failed, and brings it back.</summary>
public sealed partial class NvmeDisk
{
    private void OnAsyncEvent(AsyncEvent what)
    {
        if (what != AsyncEvent.PersistentInternalError)
        {
            _asyncEvents.On(what);
            return;
        }

        _events.Report(EventSeverity.Error, Name, "the controller reports a persistent internal error");
        _scheduler.Start(() => OnControllerLostAsync(NvmeOutcome.ControllerFailed));
    }

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
        if (await _session.HasFailedSinceAsync(_scheduler.Now - NvmeDriverLimits.StatusCheckAge))
        {
            _events.Report(EventSeverity.Error, Name, "the controller reports a fatal status (CSTS.CFS)");
            await OnControllerLostAsync(NvmeOutcome.ControllerFailed);
            return;
        }

        var next = _scheduler.Now + NvmeDriverLimits.AbortTime;
        if (_session.Admin.Queue is { } admin && admin.TryFindOverdue(_scheduler.Now, next, out _, out _))
        {
            _events.Report(EventSeverity.Warning, Name, "an admin command timed out");
            await OnControllerLostAsync(NvmeOutcome.TimedOut);
            return;
        }

        foreach (var pair in _session.Pairs)
        {
            while (pair.TryFindOverdue(_scheduler.Now, next, out var commandId, out var again))
            {
                if (again)
                {
                    await OnControllerLostAsync(NvmeOutcome.TimedOut);
                    return;
                }

                _events.Report(EventSeverity.Warning, Name, $"command {commandId} of queue {pair.Id} timed out: aborting it");
                // Its own end is watched like any admin command's.
                _ = _session.Admin.AbortAsync(pair, commandId);
            }
        }
    }

    private async Task OnControllerLostAsync(NvmeOutcome outcome)
    {
        if (_state == DiskState.Live)
        {
            _scheduler.Start(() => RecoverAsync(outcome));
            return;
        }

        _hasLostController |= outcome == NvmeOutcome.ControllerFailed;

        // A bring-up, reset or stop awaits an admin command: end it, and that sequence sees that it failed.
        if (!await _session.DisableAsync())
        {
            await Function.SetBusMasterAsync(false);
        }

        _session.FailAll(outcome);
    }

    private async Task<bool> RecoverAsync(NvmeOutcome outcome)
    {
        if (_state != DiskState.Live)
        {
            await _stateChanged.WaitUntil(() => _state is not DiskState.Resetting, NvmeDriverLimits.SilenceMax);
            return _state == DiskState.Live;
        }

        SetState(DiskState.Resetting);
        Resets++;
        var before = Namespaces;
        _events.Report(EventSeverity.Warning, Name, "resetting the controller");
        var unfinished = outcome == NvmeOutcome.ControllerFailed ? new List<UnfinishedCommand>() : null;
        var error = await _session.CloseAsync(outcome, unfinished) ? await _session.StartAsync() : "it does not become disabled";
        _repeats.Add(unfinished ?? []);
        for (var tries = 1; error is not null && tries < NvmeDriverLimits.RecoveryTriesMax && _state == DiskState.Resetting; tries++)
        {
            // It may have failed once more meanwhile.
            error = await Function.ResetAsync() ? await _session.StartAsync() : error;
        }

        if (_state == DiskState.Resetting)
        {
            SetState(error is null ? DiskState.Live : DiskState.Failed);
            _events.Report(
                error is null ? EventSeverity.Information : EventSeverity.Error, Name,
                error is null ? "the controller is back" : $"the controller is given up: {error}");
            if (error is null)
            {
                _rescan.TellSince(before);
            }
        }

        if (_state == DiskState.Live)
        {
            _scheduler.Start(SendAgainAsync);
        }
        else
        {
            _repeats.EndAll(_state == DiskState.Failed ? NvmeOutcome.ControllerFailed : NvmeOutcome.Removed);
        }

        _room.Set();
        return _state == DiskState.Live;
    }

    /// <summary>Ends when all is sent, or with the next reset, whose end begins it again.</summary>
    private async Task SendAgainAsync()
    {
        while (_state == DiskState.Live && !_repeats.TrySendAll(RefusalOf, TrySendAgain))
        {
            await _room.Next(_scheduler.Now + RoomWait);
        }
    }

    private NvmeOutcome? RefusalOf(UnfinishedCommand command) => Refusal(
        command.Io.Operation == NvmeIoOperation.Deallocate ? _commands.IsPossible(command.Io.Namespace, command.Ranges) : _commands.IsPossible(command.Io));

    private bool TrySendAgain(UnfinishedCommand command)
    {
        if (!_commands.TryFindPair(out var pair, out var slot))
        {
            return false;
        }

        var io = command.Io;
        var made = io.Operation == NvmeIoOperation.Deallocate
            ? _commands.MakeDeallocation(io.Namespace, command.Ranges, pair, slot)
            : _commands.Make(io, pair, slot);
        pair.Submit(slot, made, command.Done, command.State, _scheduler.Now + _options.CommandTimeout, io, command.Repeats + 1);
        return true;
    }

    /// <summary>What is kept of one for a repetition; its ranges lie in its slot's page.</summary>
    private static NvmeIo DeallocationOf(uint nsid, ReadOnlySpan<BlockRange> ranges) =>
        new(NvmeIoOperation.Deallocate, nsid, 0, ranges.Length, default);
}
