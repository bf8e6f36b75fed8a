using System.Text.Json;
using ExpEther.Core.Scheduling;
using ExpEther.Qemu.Qmp;
using ExpEther.Qemu.Slots;

namespace ExpEther.Qemu.Guests;

/// <summary>
/// The device that QEMU has for a slot, brought in line with what it should have.
/// <para>
/// Theory: three facts tell everything. Is a function to be seen (<see cref="IsWanted"/>)? Has QEMU a device for the slot (<see cref="Id"/>, asked for
/// whenever it may have changed unseen)? Is a client connected? QEMU's vfio-user client never connects again, so a device without a connection
/// is dead, whichever of the two restarted, and in the way of the next one.
/// </para>
/// <code>
///   wanted  device  client │
///     x       –       –    │ reset the function if a client had it, device_add
///     x       x       x    │ as it should be; also a client that came by itself, from QEMU's command line
///     any     x       –    │ dead: device_del, and wait for DEVICE_DELETED
///     –       x       x    │ device_del, and wait for DEVICE_DELETED; the client is cut off when that takes too long
///     –       –       x    │ not QEMU's, or QEMU has no monitor: asked by its request interrupt; cut off when that takes too long
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
/// tries again after a while.
/// </para>
/// </summary>
internal sealed partial class SlotDevice
{
    private readonly QemuSlot _slot;
    private readonly QmpClient _qmp;
    private readonly Func<bool> _isAsleep;
    private readonly DeviceTree _devices;
    private readonly string _name;
    private readonly string _port;
    private readonly TimeSpan _unplugTimeout;
    private readonly OwnerScheduler _scheduler;
    private readonly OwnerSignal _changed;
    private readonly Action<EventSeverity, string> _report;
    private readonly ShownTeller _teller;
    private bool _isLookNeeded = true;
    private bool _isWorking;
    private bool _isAgain;
    private bool _isDeleting;
    private readonly AttemptTimes _times = new();
    private int _retries;

    /// <param name="slot">The slot.</param>
    /// <param name="qmp">QEMU's monitor.</param>
    /// <param name="options">The guest's.</param>
    /// <param name="isAsleep">The guest sleeps.</param>
    /// <param name="scheduler">The owner's.</param>
    /// <param name="changed">Set by whatever changes here.</param>
    /// <param name="report">What an operator should know.</param>
    public SlotDevice(
        QemuSlot slot, QmpClient qmp, QemuMachineOptions options, Func<bool> isAsleep, OwnerScheduler scheduler, OwnerSignal changed,
        Action<EventSeverity, string> report)
    {
        (_slot, _qmp, _isAsleep, _scheduler, _changed, _report) = (slot, qmp, isAsleep, scheduler, changed, report);
        _devices = new DeviceTree(qmp);
        (_name, _port, _unplugTimeout) = (QemuMachineOptions.DeviceOf(slot.Number), options.PortOf(slot.Number), options.UnplugTimeout);
        _teller = new ShownTeller(slot, _port, () => IsWanted && slot.IsTaken, scheduler, changed);
        slot.ClientChanged += OnClientChanged;
    }

    /// <summary>QEMU has got a device, or lost it.</summary>
    public event Action? Changed;

    /// <summary>The id of QEMU's device, or its path where it has none; null: none, as far as known.</summary>
    public string? Id
    {
        get;
        private set
        {
            if (value != field)
            {
                field = value;
                Changed?.Invoke();
            }
        }
    }

    /// <summary>A function is to be seen.</summary>
    public bool IsWanted { get; private set; }

    /// <summary>QEMU is being asked to take the function.</summary>
    public bool IsAdding { get; private set; }

    /// <summary>QEMU has refused the function since it is wanted.</summary>
    public bool IsRefused { get; private set; }

    /// <summary>QEMU has refused it for a reason that stays for as long as this QEMU runs.</summary>
    public bool IsHopeless { get; private set; }

    /// <summary>The guest was asked to let go, and has answered that it does not.</summary>
    public bool HasGuestRefused { get; private set; }

    /// <summary>The guest did not let go within its time, and QEMU still has the device.</summary>
    public bool IsOverdue { get; private set; }

    /// <summary>What went wrong last and has not come right since.</summary>
    public string Trouble { get; private set; } = "";

    /// <summary>Neither QEMU nor a client has anything.</summary>
    public bool IsGone => !_slot.IsTaken && IsUnknown;

    /// <summary>A client has the function that QEMU's monitor knows nothing of, or there is no monitor.</summary>
    public bool IsClientAlone => _slot.IsTaken && IsUnknown;

    private bool IsUnknown => Id is null && (!_qmp.IsReady || !_isLookNeeded);

    /// <summary>As it should be, so that nothing needs to be tried again.</summary>
    private bool IsSettled => IsWanted ? _slot.IsTaken : IsGone;

    /// <summary>A function is to be seen, from now on; it is tried at once.</summary>
    public void Want()
    {
        (IsWanted, IsHopeless, IsRefused) = (true, false, false);
        _times.ForgetAdd();
        Kick();
    }

    /// <summary>No function is to be seen any more, and the guest has its time to let go from now on.</summary>
    public void Unwant()
    {
        (IsWanted, HasGuestRefused, IsOverdue) = (false, false, false);
        _slot.Withdraw();
        Kick();
    }

    /// <summary>The function is gone: as <see cref="Unwant"/>, whatever the guest has been asked already.</summary>
    public void Drop()
    {
        IsWanted = false;
        _slot.Withdraw();
        _changed.Set();
        Kick();
    }

    /// <summary>QEMU has not taken the function, and is not asked again.</summary>
    public void GiveUp()
    {
        IsWanted = false;
        _slot.Withdraw();
    }

    /// <summary>The function is taken from a guest that has not let go of it.</summary>
    public void MarkOverdue(string trouble)
    {
        IsOverdue = true;
        Fail(EventSeverity.Warning, trouble);
    }

    /// <summary>Keeps what went wrong, and reports it unless that was the last report.</summary>
    public void Fail(EventSeverity severity, string trouble)
    {
        if (trouble != Trouble)
        {
            _report(severity, trouble);
        }

        Trouble = trouble;
    }

    /// <summary>QEMU came, or went: what it has is to be looked for.</summary>
    public void OnQemuChanged()
    {
        _isLookNeeded = true;
        IsHopeless = false;
        HasGuestRefused = false;
        _times.ForgetAdd();
        _times.ForgetDelete();
        if (!_qmp.IsReady)
        {
            (Id, _isDeleting) = (null, false);
        }

        Kick();
    }

    public void OnEvent(string name, JsonElement data)
    {
        if (Id is not { } device || !DeviceTree.IsAbout(data, device))
        {
            return;
        }

        if (name == "DEVICE_DELETED")
        {
            if (IsWanted && !_isDeleting)
            {
                // QEMU was not asked: the guest ejected it.
                _report(EventSeverity.Information, "the guest has let go of the function by itself");
                IsWanted = false;
                _slot.Withdraw();
                _slot.Guest?.Eject();
            }

            OnDeleted();
        }
        else if (name == "DEVICE_UNPLUG_GUEST_ERROR")
        {
            HasGuestRefused = true;
            _changed.Set();
        }
    }

    private void OnClientChanged()
    {
        _isLookNeeded |= Id is null;
        _changed.Set();
        Kick();
    }

    private void OnDeleted()
    {
        Id = null;
        _isDeleting = false;
        IsOverdue = false;
        _times.ForgetDelete();
        Trouble = "";
        _changed.Set();
        Kick();
    }
}
