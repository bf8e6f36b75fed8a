using System.Text.Json;
using ExpEther.Core.Scheduling;
using ExpEther.Core.Time;
using ExpEther.Qemu.Qmp;
using ExpEther.Qemu.Slots;
using ExpEther.RootComplex.Guests;

namespace ExpEther.Qemu.Guests;

/// <summary>
/// Brings what QEMU has in a slot in line with what it should have.
/// <para>
/// Theory: three facts tell everything. Is a function to be seen (<see cref="_isWanted"/>)? Has QEMU a device for the slot (<see cref="Device"/>, asked for
/// whenever it may have changed unseen)? Is a client connected? QEMU's vfio-user client never connects again, so a device without a connection
/// is dead, whoever of the two restarted, and in the way of the next one.
/// </para>
/// <code>
///   wanted  device  client │
///     x       –       –    │ reset the function if a client had it, device_add
///     x       x       x    │ as it should be; also a client that came by itself, from QEMU's command line
///     any     x       –    │ dead: device_del, and wait for DEVICE_DELETED
///     –       x       x    │ device_del, and wait for DEVICE_DELETED; the client is cut off when that takes too long
///     –       –       –    │ as it should be
/// </code>
/// <para>
/// A device that QEMU deletes without having been asked to was ejected by the guest, and is not added again: the slot gives the function back.
/// </para>
/// <para>
/// A guest that sleeps (ACPI S3) is not asked for anything until it wakes up: QEMU 11.1.3 ejects what it was asked for in the reset that waking is, and ends
/// with an assertion when that was its last vfio device.
/// </para>
/// <para>
/// One sequence at a time does that; it looks at the facts anew after every step, whatever happened meanwhile, and when QEMU refuses it
/// tries again after a while. Plugging and unplugging only say what is wanted and wait, bounded, for how it goes.
/// </para>
/// </summary>
internal sealed class SlotPlug
{
    private readonly QemuSlot _slot;
    private readonly QmpClient _qmp;
    private readonly Func<bool> _isAsleep;
    private readonly DeviceTree _devices;
    private readonly string _port;
    private readonly TimeSpan _unplugTimeout;
    private readonly OwnerScheduler _scheduler;
    private readonly OwnerSignal _changed;
    private readonly Action<EventSeverity, string> _report;
    private readonly ShownTeller _teller;
    private bool _isWanted;
    private bool _isLookNeeded = true;
    private bool _isWorking;
    private bool _isAdding;
    private bool _isAgain;
    private bool _isUnpluggedInTime = true;
    private bool _hasGuestRefused;
    private bool _isDeleting;
    private bool _isHopeless;
    private bool _isRefused;
    private Instant _addNotBefore;
    private Instant _deleteNotBefore;
    private TimeSpan _retry = QemuLimits.RetryMin;
    private int _retries;

    public SlotPlug(
        QemuSlot slot, QmpClient qmp, QemuMachineOptions options, Func<bool> isAsleep, OwnerScheduler scheduler, OwnerSignal changed, IEventSink events)
    {
        (_slot, _qmp, _isAsleep, _scheduler, _changed) = (slot, qmp, isAsleep, scheduler, changed);
        _devices = new DeviceTree(qmp);
        _port = options.PortOf(slot.Number);
        _unplugTimeout = options.UnplugTimeout;
        _report = (severity, text) => events.Report(severity, options.Name, $"slot {slot.Number}: {text}");
        _teller = new ShownTeller(slot, _port, () => _isWanted && slot.IsTaken, scheduler, changed);
        slot.ClientChanged += OnClientChanged;
    }

    /// <summary>QEMU has got a device, or lost it.</summary>
    public event Action? DeviceChanged;

    /// <summary>The id of QEMU's device, or its path where it has none; null: none, as far as known.</summary>
    public string? Device
    {
        get;
        private set
        {
            if (value != field)
            {
                field = value;
                DeviceChanged?.Invoke();
            }
        }
    }

    public string Port => _port;

    /// <summary>What went wrong last and has not come right since.</summary>
    public string Trouble { get; private set; } = "";

    public QemuSlotState State => (_isWanted, _slot.IsTaken, Device) switch
    {
        (true, _, _) when _isAdding => QemuSlotState.Adding,
        (true, true, _) => QemuSlotState.Connected,
        (true, false, null) => _qmp.IsReady ? QemuSlotState.Adding : QemuSlotState.WaitingForQemu,
        (false, false, null) => QemuSlotState.Absent,
        _ => _isUnpluggedInTime ? QemuSlotState.Removing : QemuSlotState.Quarantined,
    };

    /// <summary>A function is there and reset: it is shown to the guest as soon as that can be.</summary>
    /// <returns>False: it cannot be, and will not soon.</returns>
    public async Task<bool> PlugAsync(GuestSlot guest)
    {
        _slot.Offer(guest);
        _isWanted = true;
        _isHopeless = false;
        _isRefused = false;
        (_retry, _addNotBefore) = (QemuLimits.RetryMin, Instant.Zero);
        Kick();
        await _changed.WaitUntil(IsPlugSettled, QemuLimits.PlugTimeout);
        if (!_isWanted || _slot.IsTaken)
        {
            return _isWanted;
        }

        if (Device is null && !_isHopeless)
        {
            if (!_isRefused)
            {
                var waits = _qmp.IsReady ? "QEMU has not answered yet; it is tried again" : "QEMU is not there; the function waits for it";
                _report(EventSeverity.Information, waits);
                guest.Say(GuestShowing.Waiting, waits);
            }

            return true;
        }

        var why = Device is null ? Trouble : "QEMU still has the function that was in this slot before, since the guest has not let go of it";
        _report(EventSeverity.Error, $"gives up: {why}");
        guest.Say(GuestShowing.Refused, why);
        _isWanted = false;
        _slot.Withdraw();
        return false;
    }

    /// <summary>Ends when the guest cannot reach the function any more.</summary>
    public async Task UnplugAsync()
    {
        _isWanted = false;
        _hasGuestRefused = false;
        _isUnpluggedInTime = true;
        _slot.Withdraw();
        Kick();
        await _changed.WaitUntil(() => _hasGuestRefused || IsGone, _unplugTimeout);
        if (!IsGone)
        {
            _isUnpluggedInTime = false;
            Fail(
                EventSeverity.Warning,
                _hasGuestRefused ? "the guest refused to let go of the function; it was taken from it"
                : _isAsleep() ? "the guest sleeps; the function was taken from it"
                : _qmp.IsReady ? $"the guest did not let go of the function within {_unplugTimeout.TotalSeconds:0.#} s; it was taken from it"
                : "the guest could not be asked to let go, for QEMU's monitor does not answer; the function was taken from it");
        }

        _slot.Leave("the guest has to let go of the function");
        await _changed.WaitUntil(() => !_slot.IsTaken, QemuLimits.ResetTimeout);
    }

    /// <summary>
    /// We are about to end: the guest is asked to let go while QEMU's monitor can still be reached. A client that stays is not cut: QEMU would end at the
    /// guest's next reset.
    /// </summary>
    public async Task LeaveAsync()
    {
        if (!_slot.IsTaken && Device is null)
        {
            return;
        }

        _isWanted = false;
        _hasGuestRefused = false;
        _slot.Withdraw();
        Kick();
        await _changed.WaitUntil(() => _hasGuestRefused || IsGone || !_qmp.IsReady || _isAsleep(), _unplugTimeout);
        if (!IsGone && (_slot.IsTaken || Device is not null))
        {
            var why = _isAsleep() ? "the guest sleeps and cannot let go of the function"
                : !_qmp.IsReady ? "the guest cannot be asked to let go, for QEMU's monitor does not answer"
                : _hasGuestRefused ? "the guest refuses to let go of the function"
                : $"the guest did not let go of the function within {_unplugTimeout.TotalSeconds:0.#} s";
            Fail(EventSeverity.Warning, $"{why}; the bridge ends all the same, and the device stays in the guest, dead, until the next one removes it");
        }
    }

    /// <summary>
    /// The function is gone: nobody comes to have it any more, and the guest is asked to let go at once. Until it has, its accesses read all-ones. The
    /// connection is not cut: QEMU 11.1.3 now and then dies of a device that it deletes while that device's connection closes.
    /// </summary>
    public void MarkGone()
    {
        _isWanted = false;
        _slot.Withdraw();
        _changed.Set();
        Kick();
    }

    /// <summary>QEMU came, or went: what it has is to be looked for anew.</summary>
    public void OnQemuChanged()
    {
        _isLookNeeded = true;
        _isHopeless = false;
        _hasGuestRefused = false;
        (_retry, _addNotBefore, _deleteNotBefore) = (QemuLimits.RetryMin, Instant.Zero, Instant.Zero);
        if (!_qmp.IsReady)
        {
            (Device, _isDeleting) = (null, false);
        }

        Kick();
    }

    public void OnEvent(string name, JsonElement data)
    {
        if (Device is not { } device || !DeviceTree.IsAbout(data, device))
        {
            return;
        }

        if (name == "DEVICE_DELETED")
        {
            if (_isWanted && !_isDeleting)
            {
                // Nobody asked: the guest ejected it.
                _report(EventSeverity.Information, "the guest has let go of the function by itself");
                _isWanted = false;
                _slot.Withdraw();
                _slot.Guest?.Eject();
            }

            OnDeleted();
        }
        else if (name == "DEVICE_UNPLUG_GUEST_ERROR")
        {
            _hasGuestRefused = true;
            _changed.Set();
        }
    }

    private bool IsGone => !_slot.IsTaken && Device is null && (!_qmp.IsReady || !_isLookNeeded);

    /// <summary>As it should be, so that nothing needs to be tried again.</summary>
    private bool IsSettled => _isWanted ? _slot.IsTaken : IsGone;

    private bool IsPlugSettled() => !_isWanted || (!_isAdding && (_slot.IsTaken || _isHopeless || _isRefused || (!_qmp.IsReady && Device is null)));

    private void OnClientChanged()
    {
        _isLookNeeded |= Device is null;
        _changed.Set();
        Kick();
    }

    private void OnDeleted()
    {
        Device = null;
        _isDeleting = false;
        _isUnpluggedInTime = true;
        (_retry, _deleteNotBefore) = (QemuLimits.RetryMin, Instant.Zero);
        Trouble = "";
        _changed.Set();
        Kick();
    }

    private void Kick()
    {
        _isAgain = true;
        if (!_isWorking)
        {
            _isWorking = true;
            _scheduler.Start(WorkAsync);
        }
    }

    private async Task WorkAsync()
    {
        while (_isAgain)
        {
            _isAgain = false;
            await StepAsync();
            _changed.Set();
        }

        _isWorking = false;
        if (!IsSettled && (_qmp.IsReady || (_isWanted && _slot.NeedsReset)))
        {
            _scheduler.Start(RetryAsync);
        }
    }

    private async Task RetryAsync()
    {
        var retries = ++_retries;
        var at = Device is null ? _addNotBefore : _deleteNotBefore;
        await _scheduler.Until(at > _scheduler.Now ? at : _scheduler.Now + _retry);
        if (retries == _retries && !IsSettled)
        {
            _isLookNeeded = true;
            Kick();
        }
    }

    private async Task StepAsync()
    {
        if (_isWanted && _slot is { NeedsReset: true, IsTaken: false } && !await _slot.ResetAsync())
        {
            // A function that is not wanted any more went away in the middle of it, for instance because the guest has ejected it.
            if (_isWanted)
            {
                Refused(ref _addNotBefore, EventSeverity.Error, "the function did not come back from the reset between two clients; it is tried again");
            }

            return;
        }

        if (!_qmp.IsReady || (_isLookNeeded && !await LookAsync()))
        {
            return;
        }

        if (IsSettled)
        {
            (Trouble, _retry) = (_isWanted ? "" : Trouble, QemuLimits.RetryMin);
            if (_isWanted)
            {
                _teller.OnConnected();
            }
        }
        else if (Device is { } device)
        {
            await (_scheduler.Now < _deleteNotBefore ? Task.CompletedTask : DeleteAsync(device));
        }
        else if (_isWanted && !_slot.NeedsReset && _scheduler.Now >= _addNotBefore)
        {
            await AddAsync();
        }
    }

    private async Task<bool> LookAsync()
    {
        _isLookNeeded = false;
        var (isAnswered, device) = await _devices.FindAsync(QemuMachineOptions.DeviceOf(_slot.Number), _slot.IsTaken ? _port : null);
        if (!isAnswered)
        {
            _isLookNeeded = true;
            return false;
        }

        if (Device is not null && device is null)
        {
            OnDeleted();
        }

        Device = device;
        return true;
    }

    private async Task AddAsync()
    {
        _isAdding = true;
        var reply = await _devices.AddAsync(QemuMachineOptions.DeviceOf(_slot.Number), _port, _slot.SocketPath);
        _isAdding = false;
        _isLookNeeded = true;
        _isAgain = true;
        switch (reply.Outcome)
        {
            case QmpOutcome.Done:
                Device = QemuMachineOptions.DeviceOf(_slot.Number);
                _isLookNeeded = false;
                if (!_slot.IsTaken)
                {
                    Refused(ref _addNotBefore, EventSeverity.Warning, "QEMU has the function, but gave up its connection at once");
                }

                break;
            case QmpOutcome.Refused:
                _isHopeless = Refusal.IsFinal(reply.Text);
                var remedy = Refusal.RemedyFor(reply.Text, _port, QemuMachineOptions.DeviceOf(_slot.Number));
                NotAdded($"QEMU refuses the function: {reply.Text}; {remedy}");
                break;
            case QmpOutcome.TimedOut or QmpOutcome.NotSent:
                NotAdded(reply.Text);
                break;
        }
    }

    private async Task DeleteAsync(string device)
    {
        // A guest that ejects a device by itself closes its connection too; the event then tells so at about the same time.
        if (_isWanted && !_isDeleting && await _changed.WaitUntil(() => !_isWanted || Device != device || !_qmp.IsReady, QemuLimits.EjectGrace))
        {
            return;
        }

        if (_isAsleep())
        {
            Refused(ref _deleteNotBefore, EventSeverity.Information, "the guest sleeps; it is asked to let go when it wakes up");
            return;
        }

        _hasGuestRefused = false;
        _isDeleting = true;
        var reply = await _devices.DeleteAsync(device);
        if (reply is { Outcome: QmpOutcome.Refused, ErrorClass: "DeviceNotFound" })
        {
            OnDeleted();
            return;
        }

        if (reply.Outcome == QmpOutcome.Refused && !Refusal.IsAskedAlready(reply.Text))
        {
            Refused(ref _deleteNotBefore, EventSeverity.Warning, $"QEMU does not take the device away: {reply.Text}");
            return;
        }

        if (!await _changed.WaitUntil(() => Device != device || !_qmp.IsReady || _hasGuestRefused, _unplugTimeout) || _hasGuestRefused)
        {
            _isUnpluggedInTime = false;
            _retry = QemuLimits.RetryMax;
            var trouble = _hasGuestRefused ? "the guest refuses to let go" : "the guest does not let go; it is asked again";
            Refused(ref _deleteNotBefore, EventSeverity.Warning, trouble);
        }
    }

    private void NotAdded(string trouble)
    {
        _isRefused = true;
        Refused(ref _addNotBefore, EventSeverity.Error, trouble);
        if (_isWanted)
        {
            _slot.Guest?.Say(GuestShowing.Refused, trouble);
        }
    }

    private void Refused(ref Instant notBefore, EventSeverity severity, string trouble)
    {
        notBefore = _scheduler.Now + _retry;
        _retry = _retry * 2 < QemuLimits.RetryMax ? _retry * 2 : QemuLimits.RetryMax;
        Fail(severity, trouble);
    }

    private void Fail(EventSeverity severity, string trouble)
    {
        if (trouble != Trouble)
        {
            _report(severity, trouble);
        }

        Trouble = trouble;
    }
}
