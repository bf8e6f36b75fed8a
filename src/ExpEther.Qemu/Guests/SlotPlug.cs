using System.Text.Json;
using ExpEther.Core.Scheduling;
using ExpEther.Qemu.Qmp;
using ExpEther.Qemu.Slots;
using ExpEther.RootComplex.Guests;

namespace ExpEther.Qemu.Guests;

/// <summary>
/// Plugs and unplugs a slot's function: says what is wanted, waits, bounded, for how it goes, and tells it in words. What is wanted is brought about by
/// <see cref="SlotDevice"/>.
/// </summary>
internal sealed class SlotPlug
{
    private readonly QemuSlot _slot;
    private readonly QmpClient _qmp;
    private readonly Func<bool> _isAsleep;
    private readonly SlotDevice _device;
    private readonly bool _hasMonitor;
    private readonly TimeSpan _unplugTimeout;
    private readonly OwnerSignal _changed;
    private readonly Action<EventSeverity, string> _report;
    private QemuSlotState? _heldAs;

    public SlotPlug(
        QemuSlot slot, QmpClient qmp, QemuMachineOptions options, Func<bool> isAsleep, OwnerScheduler scheduler, OwnerSignal changed, IEventSink events)
    {
        (_slot, _qmp, _isAsleep, _changed) = (slot, qmp, isAsleep, changed);
        (_hasMonitor, Port, _unplugTimeout) = (options.QmpPath is not null, options.PortOf(slot.Number), options.UnplugTimeout);
        _report = (severity, text) => events.Report(severity, options.Name, $"slot {slot.Number}: {text}");
        _device = new SlotDevice(slot, qmp, options, isAsleep, scheduler, changed, _report);
    }

    /// <summary>QEMU has got a device, or lost it.</summary>
    public event Action? DeviceChanged
    {
        add => _device.Changed += value;
        remove => _device.Changed -= value;
    }

    /// <inheritdoc cref="SlotDevice.Id"/>
    public string? Device => _device.Id;

    public string Port { get; }

    /// <inheritdoc cref="SlotDevice.IsAdding"/>
    public bool IsAdding => _device.IsAdding;

    /// <inheritdoc cref="SlotDevice.Trouble"/>
    public string Trouble => _device.Trouble;

    /// <summary>The slot's part of the guest's root complex; null: no function has come yet.</summary>
    public GuestSlot? Guest => _slot.Guest;

    /// <summary>A function is there that the guest is not to have for now.</summary>
    public bool IsHeld => _heldAs is not null;

    /// <summary>A client has the function.</summary>
    public bool IsTaken => _slot.IsTaken;

    /// <summary>The guest has nothing of this slot.</summary>
    public bool HasLetGo => _device is { IsWanted: false, IsGone: true };

    /// <inheritdoc cref="SlotDevice.HasGuestRefused"/>
    public bool HasGuestRefused => _device.HasGuestRefused;

    public QemuSlotState State => (_device.IsWanted, _slot.IsTaken, Device) switch
    {
        (true, _, _) when _device.IsAdding => QemuSlotState.Adding,
        (true, true, _) => QemuSlotState.Connected,
        (true, false, null) => _qmp.IsReady ? QemuSlotState.Adding : QemuSlotState.WaitingForQemu,
        (false, false, null) => _heldAs ?? QemuSlotState.Absent,
        _ => _device.IsOverdue ? QemuSlotState.Quarantined : QemuSlotState.Removing,
    };

    /// <summary>A function is there and reset: it is shown to the guest as soon as that can be.</summary>
    /// <returns>False: it cannot be, and will not soon.</returns>
    public async Task<bool> PlugAsync(GuestSlot guest)
    {
        _heldAs = null;
        _slot.Offer(guest);
        _device.Want();
        if (_qmp.IsReady)
        {
            guest.Say(GuestShowing.Asked, "QEMU is asked to take the function");
        }

        await _changed.WaitUntil(IsPlugSettled, QemuLimits.PlugTimeout);
        if (!_device.IsWanted || _slot.IsTaken)
        {
            return _device.IsWanted || IsHeld;
        }

        if (Device is null && !_device.IsHopeless)
        {
            if (!_device.IsRefused)
            {
                var waits = _qmp.IsReady ? "QEMU has not answered yet; it is tried again"
                    : _hasMonitor ? "QEMU is not there; the function waits for it"
                    : $"no client has connected to {_slot.SocketPath}; the function waits for one";
                _report(EventSeverity.Information, waits);
                guest.Say(GuestShowing.Waiting, waits);
            }

            return true;
        }

        var why = Device is null ? Trouble : "QEMU still has the function that was in this slot before, since the guest has not let go of it";
        _report(EventSeverity.Error, $"gives up: {why}");
        guest.Say(GuestShowing.Refused, why);
        _device.GiveUp();
        return false;
    }

    /// <summary>A function is there and reset, and the guest is not to have it for now.</summary>
    /// <param name="guest">The slot's part of the guest's root complex.</param>
    /// <param name="shown">The slot's state meanwhile.</param>
    /// <param name="why">For people.</param>
    public void PlugHeld(GuestSlot guest, QemuSlotState shown, string why)
    {
        _slot.Offer(guest);
        _device.Unwant();
        _heldAs = shown;
        guest.Say(GuestShowing.Waiting, why);
    }

    /// <summary>Asks the guest to let go of the function, which stays in its slot.</summary>
    /// <param name="shown">The slot's state once it has.</param>
    public void HoldBack(QemuSlotState shown)
    {
        if (_device.IsWanted)
        {
            _heldAs = shown;
            _device.Unwant();
        }
    }

    /// <summary>What was held back is shown to the guest again.</summary>
    public void GoOn()
    {
        if (IsHeld)
        {
            _heldAs = null;
            _slot.OfferAgain();
            _device.Want();
        }
    }

    /// <summary>
    /// Ends when the guest cannot reach the function any more. A client that QEMU's monitor does not remove is given the same time, and none with
    /// <paramref name="surprise"/>, when there is nothing left to be let go of.
    /// </summary>
    public async Task UnplugAsync(bool surprise)
    {
        _heldAs = null;
        _device.Unwant();
        await _changed.WaitUntil(() => _device.HasGuestRefused || _device.IsGone || (surprise && _device.IsClientAlone), _unplugTimeout);
        if (_device.IsClientAlone)
        {
            _report(
                surprise ? EventSeverity.Information : EventSeverity.Warning,
                surprise ? "the function was taken from its client at once; the client's registers read all-ones until it closes its connection"
                : _slot.Request.IsHeard
                    ? $"the client was asked by its request interrupt, and did not let go of the function within {Seconds}; it was taken from it"
                    : $"the client could not be asked to let go of the function, and kept it for {Seconds}; it was taken from it");
        }
        else if (!_device.IsGone)
        {
            _device.MarkOverdue(
                _device.HasGuestRefused ? "the guest refused to let go of the function; it was taken from it"
                : _isAsleep() ? "the guest sleeps; the function was taken from it"
                : _qmp.IsReady ? $"the guest did not let go of the function within {Seconds}; it was taken from it"
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
        _heldAs = null;
        if (!_slot.IsTaken && Device is null)
        {
            return;
        }

        _device.Unwant();
        await _changed.WaitUntil(
            () => _device.HasGuestRefused || _device.IsGone || _isAsleep() || (!_qmp.IsReady && !_slot.Request.IsHeard), _unplugTimeout);
        if (!_device.IsGone && (_slot.IsTaken || Device is not null))
        {
            var why = _isAsleep() ? "the guest sleeps and cannot let go of the function"
                : _slot.Request.IsHeard && _device.IsClientAlone ? $"the client was asked to let go of the function, and did not within {Seconds}"
                : !_qmp.IsReady ? "the guest cannot be asked to let go, for QEMU's monitor does not answer"
                : _device.HasGuestRefused ? "the guest refuses to let go of the function"
                : $"the guest did not let go of the function within {Seconds}";
            _device.Fail(
                EventSeverity.Warning, $"{why}; the bridge ends all the same, and the device stays in the guest, dead, until the next one removes it");
        }
    }

    /// <summary>
    /// The function is gone: no client comes to have it any more, and the guest is asked to let go at once. Until it has, its accesses read all-ones. The
    /// connection is not cut: QEMU 11.1.3 now and then dies of a device that it deletes while that device's connection closes.
    /// </summary>
    public void MarkGone()
    {
        _heldAs = null;
        _device.Drop();
    }

    /// <summary>QEMU came, or went: what it has is to be looked for.</summary>
    public void OnQemuChanged() => _device.OnQemuChanged();

    public void OnEvent(string name, JsonElement data) => _device.OnEvent(name, data);

    private string Seconds => $"{_unplugTimeout.TotalSeconds:0.#} s";

    private bool IsPlugSettled() => !_device.IsWanted
        || (!_device.IsAdding && (_slot.IsTaken || _device.IsHopeless || _device.IsRefused || (!_qmp.IsReady && Device is null && !_slot.Server.IsConnected)));
}
