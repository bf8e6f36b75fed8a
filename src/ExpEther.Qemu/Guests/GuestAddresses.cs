using System.Text.Json;
using ExpEther.Core.Scheduling;
using ExpEther.Core.Time;
using ExpEther.Qemu.Qmp;

namespace ExpEther.Qemu.Guests;

/// <summary>
/// Where the guest sees the devices of its slots. QEMU tells only when asked, for all its devices at once, and the guest may number its buses anew
/// at any time; so it is asked after a change until a driver has every device, a limited number of times, and when somebody wants to know.
/// </summary>
internal sealed class GuestAddresses
{
    private readonly QmpClient _qmp;
    private readonly IReadOnlyList<SlotPlug> _plugs;
    private readonly OwnerScheduler _scheduler;
    private readonly OwnerSignal _changed;
    private readonly (string Device, GuestDevice Guest)?[] _found;
    private Instant _asked;
    private bool _isAsking;
    private int _left;

    public GuestAddresses(QmpClient qmp, IReadOnlyList<SlotPlug> plugs, OwnerScheduler scheduler)
    {
        (_qmp, _plugs, _scheduler) = (qmp, plugs, scheduler);
        _changed = new OwnerSignal(scheduler);
        _found = new (string, GuestDevice)?[plugs.Count];
        foreach (var plug in plugs)
        {
            plug.DeviceChanged += OnChanged;
        }
    }

    /// <summary>Where the guest sees a slot's device; null: nowhere, as far as known.</summary>
    /// <param name="index">From 0.</param>
    public GuestDevice? Of(int index) => _found[index] is { } found && found.Device == _plugs[index].Device ? found.Guest : null;

    /// <summary>A device came, or the guest starts anew.</summary>
    public void OnChanged()
    {
        _left = QemuLimits.BusQueriesMax;
        Ask();
    }

    public async Task RefreshAsync(TimeSpan timeout)
    {
        if (_qmp.IsReady && _scheduler.Now >= _asked + QemuLimits.BusQueryInterval)
        {
            _left = Math.Max(_left, 1);
            Ask();
        }

        await _changed.WaitUntil(() => !_isAsking, timeout);
    }

    private void Ask()
    {
        if (!_isAsking)
        {
            _isAsking = true;
            _scheduler.Start(AskAsync);
        }
    }

    private async Task AskAsync()
    {
        if (_left > 0 && _qmp.IsReady && _plugs.Any(plug => plug.Device is not null))
        {
            _left--;
            _asked = _scheduler.Now;
            var reply = await _qmp.ExecuteAsync("query-pci", null, QemuLimits.QmpCommandTimeout);
            if (reply.IsDone)
            {
                Take(reply.Value);
            }
        }

        _isAsking = false;
        _changed.Set();
        if (_left > 0 && _qmp.IsReady && IsAnyMissing())
        {
            await _scheduler.Delay(QemuLimits.BusQueryInterval);
            if (IsAnyMissing())
            {
                Ask();
            }
        }
    }

    private void Take(JsonElement buses)
    {
        for (var i = 0; i < _found.Length; i++)
        {
            _found[i] = _plugs[i].Device is { } device && PciTree.TryFind(buses, device, _plugs[i].Port, out var guest) ? (device, guest) : null;
        }
    }

    private bool IsAnyMissing()
    {
        for (var i = 0; i < _found.Length; i++)
        {
            if (_plugs[i].Device is not null && Of(i) is not { HasAddresses: true })
            {
                return true;
            }
        }

        return false;
    }
}
