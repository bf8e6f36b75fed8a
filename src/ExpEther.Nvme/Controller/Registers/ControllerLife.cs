using ExpEther.Nvme.Controller.Commands;
using ExpEther.Nvme.Protocol;

namespace ExpEther.Nvme.Controller.Registers;

/// <summary>
/// Enable, disable, shutdown, fatal (NVMe 1.4 §3.1.5, §3.1.6, §7.3, §7.6).
/// <para>
/// Theory: Disabled –CC.EN 0→1→ Enabling → Ready –CC.EN 1→0→ Disabling → Disabled. CSTS.RDY is 1 in Ready and Disabling. Leaving Ready
/// stops everything at once: no further TLP of an old command leaves. Both waiting states last until the backends have given back every
/// request, so that no write of before a reset lands after one; nothing else is waited for. A function level reset goes to Disabled
/// from anywhere.
/// A shutdown notification stops the fetching of commands, waits for what the backends have, flushes every namespace and then reports
/// completion; a reset ends it. Fatal (CSTS.CFS) means that commands cannot be fetched or the tags are used up; a reset ends that too.
/// A controller that was <see cref="IsReborn"/> shows CSTS.CFS too, disabled: hosts that see it reset it and repeat their commands.
/// A secondary controller that is offline shows CSTS.CFS and takes no configuration (§8.5.3).
/// </para>
/// </summary>
internal sealed class ControllerLife(
    RegisterFile registers, ControllerParts parts, CommandEngine engine, IEventSink events, string name)
{
    private LifeState _state;
    private bool _fatal;
    private bool _isReborn;
    private ShutdownStatus _shutdown;
    private bool _flushing;

    public ControllerStatus Status => IsOffline
        ? new ControllerStatus(ready: false, fatal: true, ShutdownStatus.Normal)
        : new ControllerStatus(_state is LifeState.Ready or LifeState.Disabling, _fatal, _shutdown);

    /// <summary>A secondary controller that its primary has not put online. Changed with a reset.</summary>
    public bool IsOffline { get; set; }

    /// <summary>
    /// An earlier life of it ended without its host's doing: it shows CSTS.CFS, and nothing else of it works, until the host writes CC.
    /// </summary>
    public bool IsReborn
    {
        get => _isReborn;
        private set => _isReborn = _fatal = value;
    }

    /// <summary>Queues exist and doorbells mean something.</summary>
    public bool IsReady => _state == LifeState.Ready && !_fatal;

    public bool CanFetch => IsReady && _shutdown == ShutdownStatus.Normal;

    /// <summary>Commands may have been running when the power went.</summary>
    public bool WouldBeUnsafeShutdown => _state != LifeState.Disabled && _shutdown != ShutdownStatus.Complete;

    /// <summary>It has not been used since its reset.</summary>
    public bool CanBeReborn => _state == LifeState.Disabled && _shutdown == ShutdownStatus.Normal;

    public void BeReborn()
    {
        Check.That(CanBeReborn);
        IsReborn = true;
    }

    public void OnConfigurationWritten(ControllerConfiguration before, ControllerConfiguration after)
    {
        if (IsReborn)
        {
            // The host disables it, or has done so before it was born again and enables it: it is as after a reset.
            IsReborn = false;
        }

        if (before.En && !after.En)
        {
            Stop();
            _state = LifeState.Disabling;
            _fatal = false;
            _shutdown = ShutdownStatus.Normal;
            registers.ControllerReset();
        }
        else if (!before.En && after.En && _state == LifeState.Disabled)
        {
            _state = LifeState.Enabling;
            // A shutdown of a controller that was not even enabled ends here: no reset comes that would end it.
            _shutdown = ShutdownStatus.Normal;
        }

        if (before.Shn != after.Shn && after.Shn is ShutdownNotification.Normal or ShutdownNotification.Abrupt
            && _shutdown == ShutdownStatus.Normal)
        {
            _shutdown = ShutdownStatus.Occurring;
            _flushing = false;
        }

        Step();
    }

    /// <summary>A function level or fundamental reset.</summary>
    public void Reset()
    {
        Stop();
        registers.FullReset();
        parts.Changed.Clear();
        _state = LifeState.Disabled;
        IsReborn = false;
        _shutdown = ShutdownStatus.Normal;
    }

    public void Fail(string why)
    {
        if (_fatal)
        {
            return;
        }

        _fatal = true;
        Stop();
        events.Report(EventSeverity.Error, name, $"controller fatal status: {why}; it works again after a reset by its host");
    }

    /// <summary>Goes on with what waits for the backends.</summary>
    /// <returns>True when the state changed.</returns>
    public bool Step()
    {
        if (parts.Backends.InFlight > 0 || !parts.Subsystem.IsReady)
        {
            return false;
        }

        var before = (_state, _shutdown, _flushing);
        if (_state == LifeState.Disabling)
        {
            _state = registers.Cc.En ? LifeState.Enabling : LifeState.Disabled;
        }

        if (_state == LifeState.Enabling)
        {
            Enable();
        }

        if (_shutdown == ShutdownStatus.Occurring)
        {
            StepShutdown();
        }

        return before != (_state, _shutdown, _flushing);
    }

    private void StepShutdown()
    {
        if (!_flushing)
        {
            parts.Backends.StartShutdownFlushes();
            _flushing = true;
            return;
        }

        _shutdown = ShutdownStatus.Complete;
        _flushing = false;
        if (parts.Backends.ShutdownErrors > 0)
        {
            events.Report(EventSeverity.Error, name, "a flush for the host's shutdown failed: written data may not be durable");
        }
    }

    private void Enable()
    {
        var cc = registers.Cc;
        var submissionEntries = (int)(registers.Aqa & 0xFFF) + 1;
        var completionEntries = (int)(registers.Aqa >> 16) + 1;
        _state = LifeState.Ready;
        if (cc.Css != 0 || cc.Ams != 0 || cc.Mps > ControllerLimits.MpsMax || submissionEntries < 2 || completionEntries < 2)
        {
            // §3.1.5: values that CAP does not offer are the host's error; the controller must not run with them.
            Fail("CC or AQA asks for what CAP does not offer");
            return;
        }

        parts.Pool.Prepare();
        parts.Prps.PageBytes = cc.PageBytes;
        parts.Queues.Completion(0).Create(registers.Acq, completionEntries, 0, interrupts: true);
        parts.Queues.Submission(0).Create(registers.Asq, submissionEntries, 0);
    }

    private void Stop()
    {
        engine.Reset();
        parts.Reader.AbandonAll();
        parts.Fetcher.Reset();
        parts.Queues.Reset();
        parts.Features.Reset();
        parts.Backends.ResetFeatures();
        parts.Fetcher.Burst = parts.Features.ArbitrationBurst;
        parts.Events.Reset();
        _flushing = false;
    }
}
