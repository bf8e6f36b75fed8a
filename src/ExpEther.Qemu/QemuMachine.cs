using System.Text.Json;
using ExpEther.Core.Counters;
using ExpEther.Core.Scheduling;
using ExpEther.Core.Time;
using ExpEther.Linux.Polling;
using ExpEther.Pcie;
using ExpEther.Qemu.Guests;
using ExpEther.Qemu.Qmp;
using ExpEther.Qemu.Slots;
using ExpEther.RootComplex.Guests;
using ExpEther.RootComplex.Memory;
using ExpEther.VfioUser;

namespace ExpEther.Qemu;

/// <summary>
/// A QEMU as the machine of a guest: a socket for each slot, on which QEMU's vfio-user client finds the slot's function, and QEMU's monitor, by
/// which devices come and go. Neither needs the other to be there: QEMU may be started later, ended, started again, and so may we.
/// <para>
/// The guest's accesses go by <see cref="QemuSlot"/> and never wait for the monitor, which QEMU does not serve while an access waits. What QEMU should have
/// in each slot is brought about by <see cref="SlotPlug"/>.
/// </para>
/// Owned by one thread; the sequences run on its scheduler.
/// </summary>
public sealed class QemuMachine : IGuestMachine, IQmpListener, ICounterSource, IDisposable
{
    private readonly QemuSlot[] _slots;
    private readonly SlotPlug[] _plugs;
    private readonly QmpClient _qmp;
    private readonly GuestAddresses _addresses;
    private readonly MigrationGuard _migrations;
    private readonly Arrival _arrival;
    private readonly Departure? _departure;
    private readonly GuestPresence? _presence;
    private readonly OwnerSignal _changed;
    private readonly IEventSink _events;
    private readonly string _name;
    private readonly OwnerScheduler _scheduler;
    private readonly InterruptMode _interrupts;
    private readonly int[] _descriptors;
    private readonly DescriptorSet _sockets = new();
    private readonly bool[] _ready;
    private bool _isRunning;
    private bool _isSuspended;

    /// <param name="options">Where its sockets are.</param>
    /// <param name="scheduler">The owner's.</param>
    /// <param name="events">What an operator should know.</param>
    /// <exception cref="Linux.LinuxException">A slot's socket cannot be made.</exception>
    public QemuMachine(QemuMachineOptions options, OwnerScheduler scheduler, IEventSink events)
    {
        Check.That(options.Slots is > 0 and <= QemuLimits.SlotsMax && (options.Ports is null || options.Ports.Count == options.Slots));
        (_name, _events, _scheduler, _interrupts) = (options.Name, events, scheduler, options.Interrupts);
        _changed = new OwnerSignal(scheduler);
        _qmp = new QmpClient(new QmpClientOptions { Name = options.Name, Path = options.QmpPath }, scheduler, this, events);
        _slots = new QemuSlot[options.Slots];
        _plugs = new SlotPlug[options.Slots];
        try
        {
            for (var i = 0; i < _slots.Length; i++)
            {
                var slot = i;
                _slots[i] = new QemuSlot(
                    i + 1, SocketOf(options, i + 1), () => InterruptModeChoice.Known.Of(options.Interrupts, MonitorOf(slot), _qmp.Peer), scheduler,
                    _changed, events);
                _plugs[i] = new SlotPlug(_slots[i], _qmp, options, () => _isSuspended, scheduler, _changed, events);
            }
        }
        catch (IOException)
        {
            Dispose();
            throw;
        }

        _addresses = new GuestAddresses(_qmp, _plugs, scheduler);
        _arrival = new Arrival(_plugs);
        void Report(EventSeverity severity, string text) => events.Report(severity, options.Name, text);
        if (options.Migration == MigrationMode.Follow)
        {
            _departure = new Departure(_qmp, _plugs, options.UnplugTimeout, scheduler, _changed, Report);
            _presence = new GuestPresence(_qmp, scheduler, guest => RunsHere?.Invoke(guest));
        }

        _migrations = new MigrationGuard(_qmp, _plugs, _departure, scheduler, Report);
        foreach (var (i, slot) in _slots.Index())
        {
            _sockets.Add(slot.Server.PollFileDescriptor, PollEvents.Readable, i);
        }

        _ready = new bool[_slots.Length];
        _descriptors = [_qmp.PollFileDescriptor, _sockets.FileDescriptor];
    }

    /// <summary>To watch for readability; the same for the machine's life.</summary>
    public IReadOnlyList<int> PollFileDescriptors => _descriptors;

    public Instant? NextDeadline
    {
        get
        {
            var deadline = _qmp.NextDeadline;
            foreach (var slot in _slots)
            {
                deadline = Instant.Earliest(deadline, slot.Server.NextDeadline);
            }

            return deadline;
        }
    }

    /// <summary>Where functions follow guests: told the UUID of the guest that runs here, some times after each change; all zeros: none does.</summary>
    public Action<Guid>? RunsHere { get; set; }

    public QmpCounters QmpCounters => _qmp.Counters;

    /// <summary>Takes in and passes on what has come to all sockets. Never blocks.</summary>
    /// <returns>True when something happened.</returns>
    public bool Poll(Instant now)
    {
        var active = _qmp.Poll(now);
        Array.Clear(_ready);
        _ = _sockets.Look(_ready);
        for (var i = 0; i < _slots.Length; i++)
        {
            active |= _slots[i].Poll(now, _ready[i]);
        }

        return active;
    }

    public Task<bool> PlugAsync(GuestSlot slot)
    {
        var plug = _plugs[slot.Number - 1];
        if (_arrival.IsHolding)
        {
            plug.PlugHeld(slot, QemuSlotState.WaitingForQemu, Arrival.Words);
        }
        else if (_departure is { IsHolding: true })
        {
            plug.PlugHeld(slot, QemuSlotState.LetGo, _departure.Words);
            _departure.OnHeld();
        }
        else
        {
            return plug.PlugAsync(slot);
        }

        return Task.FromResult(true);
    }

    public Task UnplugAsync(GuestSlot slot, bool surprise) => _plugs[slot.Number - 1].UnplugAsync(surprise);

    public void MarkGone(GuestSlot slot) => _plugs[slot.Number - 1].MarkGone();

    public bool CanTake(int slot) => _plugs[slot - 1].State == QemuSlotState.Absent;

    /// <summary>Before this process ends: has the guest let go of all functions. Bounded; what it does not let go of stays, dead.</summary>
    public async Task LeaveAsync()
    {
        foreach (var leave in _plugs.Select(plug => plug.LeaveAsync()).ToList())
        {
            await leave;
        }
    }

    public IHostMemory MemoryOf(int slot) => _slots[slot - 1].Server.Memory;

    public void RaiseInterrupt(GuestSlot slot, HostAddress address, uint data) => _slots[slot.Number - 1].RaiseInterrupt(address, data);

    /// <summary>As far as is known; where the guest sees its devices is asked for only by <see cref="RefreshAsync"/>, and after a plug.</summary>
    public QemuMachineStatus Status() => new(
        _qmp.Peer, _isRunning,
        [
            .. _slots.Select((slot, i) => new QemuSlotStatus(
                slot.Number, _plugs[i].State, slot.SocketPath, _plugs[i].Device, _addresses.Of(i),
                slot.Interrupts?.Mode ?? _interrupts, slot.Interrupts?.Reason ?? "", TroublesOf(i))),
        ]);

    /// <summary>
    /// Asks QEMU where the guest sees its devices, unless that was asked for a moment ago. Ends within <paramref name="timeout"/>, with or without an
    /// answer.
    /// </summary>
    public Task RefreshAsync(TimeSpan timeout) => _addresses.RefreshAsync(timeout);

    public void AddShape(CounterShape shape) => shape.Add(this);

    public void AddCounters(CounterTree tree) => tree.Object("qemu", () =>
    {
        tree.Flag("isConnected", () => _qmp.IsReady);
        tree.Object("monitor", () => tree.All(_qmp.Counters));
        tree.List("slots", _slots, slot =>
        {
            tree.Gauge("slot", () => slot.Number);
            tree.Flag("isTaken", () => slot.IsTaken);
            tree.All(slot.Counters);
            tree.Object("server", () => tree.All(slot.Server.Counters));
        });
    });

    public void Dispose()
    {
        _qmp.Dispose();
        _sockets.Dispose();
        foreach (var slot in _slots)
        {
            slot?.Dispose();
        }
    }

    void IQmpListener.OnConnected(QmpPeer peer)
    {
        (_isRunning, _isSuspended) = (peer.IsRunning, peer.IsSuspended);
        _events.Report(EventSeverity.Information, _name, $"QEMU {peer.Version} is there, {(peer.UsesKvm ? "with" : "without")} KVM");
        _migrations.OnConnected();
        OnQemuChanged();
        _departure?.OnConnected();
        _arrival.OnConnected(peer.IsIncoming);
        _presence?.OnChanged(_isRunning);
    }

    void IQmpListener.OnDisconnected(string reason)
    {
        (_isRunning, _isSuspended) = (false, false);
        _events.Report(EventSeverity.Warning, _name, $"QEMU's monitor is gone: {reason}");
        OnQemuChanged();
        _departure?.OnDisconnected();
        _arrival.End();
        _presence?.OnChanged(false);
    }

    void IQmpListener.OnEvent(string name, JsonElement data)
    {
        switch (name)
        {
            case "STOP":
                _isRunning = false;
                _presence?.OnChanged(false);
                break;
            case "RESUME":
                _isRunning = true;
                _departure?.OnResumed();
                _arrival.End();
                _presence?.OnChanged(true);
                break;
            case "SUSPEND":
                _isSuspended = true;
                break;
            case "WAKEUP":
                _isSuspended = false;
                _arrival.End();
                OnQemuChanged();
                break;
            case "MIGRATION":
                _migrations.OnStatus(data);
                break;
            case "RESET":
                _addresses.OnChanged();
                break;
            default:
                foreach (var plug in _plugs)
                {
                    plug.OnEvent(name, data);
                }

                break;
        }
    }

    /// <summary>Whose the monitor is that a slot's client was found with: the kernel knows which process each socket belongs to.</summary>
    private MonitorOwner MonitorOf(int index)
    {
        if (!_qmp.Look(_scheduler.Now))
        {
            return MonitorOwner.None;
        }

        // A client of another PID namespace has no number here. One that comes while QEMU is asked to connect is QEMU's, whichever process made its
        // monitor's socket.
        var (monitor, client) = (_qmp.Process ?? 0, _slots[index].Server.ClientProcess ?? 0);
        return monitor == client || monitor == 0 || client == 0 || _plugs[index].IsAdding ? MonitorOwner.Client : MonitorOwner.Another;
    }

    private List<string> TroublesOf(int index)
    {
        List<string> troubles = _plugs[index].Trouble is { Length: > 0 } trouble ? [trouble] : [];
        troubles.AddRange(_slots[index].Server.Troubles);
        if (_plugs[index].Device is not null && _migrations.Trouble.Length > 0)
        {
            troubles.Add(_migrations.Trouble);
        }

        if (_plugs[index].IsHeld)
        {
            troubles.Add(_arrival.IsHolding ? Arrival.Words : _departure?.Words ?? "");
        }

        return troubles;
    }

    private static VfioUserServerOptions SocketOf(QemuMachineOptions options, int slot) => new()
    {
        Name = $"{options.Name} slot {slot}",
        Path = options.SocketOf(slot),
        Mode = options.SocketMode,
        Owner = options.SocketOwner,
        Group = options.SocketGroup,
        Keeper = options.Keeper,
    };

    private void OnQemuChanged()
    {
        foreach (var plug in _plugs)
        {
            plug.OnQemuChanged();
        }

        _addresses.OnChanged();
        _changed.Set();
    }
}
