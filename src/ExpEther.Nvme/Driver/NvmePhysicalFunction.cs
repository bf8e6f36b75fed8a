using ExpEther.Core.Scheduling;
using ExpEther.Nvme.Protocol;
using ExpEther.RootComplex.Functions;
using ExpEther.RootComplex.Functions.Sharing;

namespace ExpEther.Nvme.Driver;

/// <summary>
/// An NVMe primary controller in use by whoever owns the device bus: its admin queue and nothing more.
/// <para>
/// Life: live ⇄ being reset; stopped in the end. A <b>watch</b> looks once a second whether the controller is still ready and answers: one
/// that lost its enable bit (somebody reset it), reports a fatal status or leaves an admin command unanswered is reset, its secondary
/// controllers, which went offline with it (NVMe 1.4 §8.5), are given their resources again and brought back, and
/// <see cref="Changed"/> says so. A controller that does not come back is tried again now and then. Which namespaces are attached to
/// whom survives in the device (§8.12).
/// </para>
/// </summary>
internal sealed class NvmePhysicalFunction : IPhysicalFunction
{
    private readonly PciFunction _function;
    private readonly string _name;
    private readonly IEventSink _events;
    private readonly OwnerScheduler _scheduler;
    private readonly ControllerSession _session;
    private readonly PrimaryCommands _commands;
    private readonly SecondaryControllers _secondaries;
    private readonly SubsystemNamespaces _namespaces;
    private readonly AsyncEventLogs _logs;
    private bool _isLive;
    private bool _isStopped;
    private int _count;

    public NvmePhysicalFunction(PciFunction function, string name, NvmeDriverOptions options, IEventSink events)
    {
        _function = function;
        _name = name;
        _events = events;
        _scheduler = function.Scheduler;
        _session = new ControllerSession(function, options with { QueuePairs = 0 }, what => _logs!.On(what));
        _logs = new AsyncEventLogs(function, _session.Admin, events, name, () => _isLive, TellChangedAsync);
        _commands = new PrimaryCommands(function, _session.Admin);
        _secondaries = new SecondaryControllers(_commands);
        _namespaces = new SubsystemNamespaces(_session, _commands, _secondaries, () => Unavailable);
        function.Gone += OnGone;
    }

    public event Action? Changed;

    public INamespaceManager Namespaces => _namespaces;

    private string Unavailable => _isLive ? "" : _isStopped || !_function.IsPresent ? "the device is gone" : "its controller is being reset";

    private bool IsVirtualizable => (_session.Identity.AdminCommands & OptionalAdminCommands.VirtualizationManagement) != 0;

    /// <returns>Null, or why it did not start.</returns>
    public async Task<string?> StartAsync()
    {
        _scheduler.Start(WatchAsync);
        var error = await _session.StartAsync();
        SetLive(error is null && !_isStopped);
        return error;
    }

    public async Task<string> EnableAsync(int count)
    {
        _count = count;
        return Unavailable is { Length: > 0 } why ? why : await DistributeAsync();
    }

    public async Task<string> PrepareAsync(int virtualFunction)
    {
        if (Unavailable is { Length: > 0 } why)
        {
            return why;
        }

        return IsVirtualizable ? await _secondaries.PrepareAsync(virtualFunction) : "";
    }

    public async Task StopAsync(bool surprise)
    {
        _isLive = false;
        _isStopped = true;
        _function.Gone -= OnGone;
        if (!surprise && _function.IsPresent)
        {
            await _session.ShutDownAsync();
        }

        await _session.CloseAsync(NvmeOutcome.Removed);
        await _function.DisableMsixAsync();
        await _function.SetBusMasterAsync(false);
    }

    private async Task<string> DistributeAsync()
    {
        // A device whose VFs need nothing of their primary is as good.
        if (!IsVirtualizable || _count == 0)
        {
            return "";
        }

        if (await _commands.ReadResourcesAsync() is not { } resources)
        {
            return "it does not tell its primary controller capabilities";
        }

        if (SecondaryControllers.PrimaryHoldsTooMuch(resources))
        {
            if (await _secondaries.FreePrimaryAsync(resources) is { IsSuccess: false } result)
            {
                return $"the primary controller does not give its resources back: {result}";
            }

            // They are given up at a reset (§5.22), during which the watch is not to meddle.
            var wasLive = _isLive;
            _isLive = false;
            if (await RestartAsync(NvmeOutcome.ControllerFailed) is { } error)
            {
                return error;
            }

            SetLive(wasLive);

            resources = await _commands.ReadResourcesAsync() ?? resources;
        }

        return await _secondaries.EnableAsync(_count, resources);
    }

    private async Task<string?> RestartAsync(NvmeOutcome outcome)
    {
        if (!await _session.CloseAsync(outcome))
        {
            return "it does not become disabled";
        }

        // A function-level reset clears MSI-X behind the driver's back.
        await _function.DisableMsixAsync();
        return await _session.StartAsync();
    }

    private void OnGone()
    {
        _isLive = false;
        _session.FailAll(NvmeOutcome.Removed);
    }

    /// <summary>From now on it can be used, or not.</summary>
    private void SetLive(bool live)
    {
        _isLive = live;
        _logs.ReadWaiting();
    }

    private Task TellChangedAsync(LogPageId log)
    {
        Changed?.Invoke();
        return Task.CompletedTask;
    }

    private async Task WatchAsync()
    {
        while (!_isStopped)
        {
            await _scheduler.Delay(NvmeDriverLimits.WatchInterval);
            if (!_isStopped && _function.IsPresent)
            {
                await LookAsync();
            }
        }
    }

    private async Task LookAsync()
    {
        // An interrupt may be lost; what has completed is not overdue.
        _session.ProcessAll();
        var isOverdue = _session.Admin.Queue?.TryFindOverdue(_scheduler.Now, _scheduler.Now + NvmeDriverLimits.AbortTime, out _, out _) == true;
        if (!_isLive)
        {
            if (isOverdue)
            {
                // A bring-up awaits the command: end it, and that sequence sees that it failed.
                await _session.DisableAsync();
                _session.FailAll(NvmeOutcome.TimedOut);
            }

            return;
        }

        // No answer says nothing of the controller; an admin command that gets none is what counts.
        var status = await _session.TryReadStatusAsync();
        var why = isOverdue ? "an admin command timed out"
            : status is { Cfs: true } ? "it reports a fatal status (CSTS.CFS)"
            : status is { Rdy: false } ? "somebody else reset it"
            : "";
        if (why.Length > 0 && _isLive)
        {
            _events.Report(EventSeverity.Warning, _name, $"resetting the primary controller: {why}");
            _isLive = false;
            _scheduler.Start(() => RecoverAsync(isOverdue ? NvmeOutcome.TimedOut : NvmeOutcome.ControllerFailed));
        }
    }

    private async Task RecoverAsync(NvmeOutcome outcome)
    {
        var error = "";
        while (!_isStopped && _function.IsPresent)
        {
            error = await RestartAsync(outcome) ?? "";
            error = error.Length == 0 && _count > 0 ? await DistributeAsync() : error;
            if (error.Length == 0 || _isStopped)
            {
                break;
            }

            _events.Report(EventSeverity.Error, _name, $"the primary controller did not come back: {error}");
            await _scheduler.Delay(NvmeDriverLimits.PrimaryRetry);
        }

        if (!_isStopped && error.Length == 0 && _function.IsPresent)
        {
            SetLive(true);
            _events.Report(EventSeverity.Information, _name, "the primary controller is back");
            Changed?.Invoke();
        }
    }
}
