using ExpEther.Core.Scheduling;
using ExpEther.Core.Time;
using ExpEther.Qemu.Qmp;

namespace ExpEther.Qemu.Guests;

/// <summary>
/// A guest that leaves by migration and takes its functions along. QEMU takes no device away while a migration runs, so the first migration is cancelled
/// (<see cref="MigrationGuard"/>), the guest lets go of everything, and the migration has to be started again.
/// <code>
///   Here ──migration cancelled──► LettingGo ──all slots empty──► Waiting ──migration──► Leaving ──completed, QEMU gone──► Left
///    ▲                                │                             │                      │                               │
///    └── the guest keeps one ─────────┴── no migration in time ─────┴── failed, cancelled ─┴── all fetched, runs here again, another QEMU ┘
/// </code>
/// From Waiting on the boxes hear, again and again, that the functions follow the guest; the way back takes that back and plugs them again.
/// A function that comes meanwhile is held back as the others are. Each wait has a limit but that for a migration's end, which is QEMU's to tell.
/// </summary>
internal sealed class Departure(
    QmpClient qmp, IReadOnlyList<SlotPlug> plugs, TimeSpan unplugTimeout, OwnerScheduler scheduler, OwnerSignal changed,
    Action<EventSeverity, string> report)
{
    private const string Completed = "completed";

    private DepartureState _state = DepartureState.Here;
    private Instant? _until;
    private Instant _tellAt;
    private Guid _guest;
    private string _status = "";

    /// <summary>No function is shown to the guest.</summary>
    public bool IsHolding => _state != DepartureState.Here;

    /// <summary>What is to be known of the functions that are held back; empty: nothing.</summary>
    public string Words { get; private set; } = "";

    /// <summary>Why the last migration was stopped and the guest has its functions all the same; empty: that was not so.</summary>
    public string Trouble { get; private set; } = "";

    /// <summary>A migration has just been cancelled: has the guest let go of all functions, and sees to it that they follow it.</summary>
    /// <param name="guest">The guest's UUID.</param>
    public async Task BeginAsync(Guid guest)
    {
        if (_state != DepartureState.Here)
        {
            return;
        }

        (_state, _guest, Trouble) = (DepartureState.LettingGo, guest, "");
        Words = "a migration of the guest was stopped, so that the guest can let go of the function first";
        report(EventSeverity.Warning, Words);
        await changed.WaitUntil(() => !IsMigrating || _state != DepartureState.LettingGo, QemuLimits.QmpCommandTimeout);
        if (_state == DepartureState.LettingGo && _status != Completed)
        {
            HoldBackAll();
            await changed.WaitUntil(() => _state != DepartureState.LettingGo || HasRefusal || plugs.All(plug => plug.HasLetGo), unplugTimeout);
        }

        if (_state != DepartureState.LettingGo)
        {
            return;
        }

        if (plugs.FirstOrDefault(plug => !plug.HasLetGo) is { } keeper)
        {
            Trouble = _status == Completed
                ? "the guest has migrated away from this function before that could be stopped, and arrives without it: give it by `expether move`"
                : $"a migration of the guest was stopped, and the guest has not let go of what is in {keeper.Port}: detach that, and start the migration again";
            End(EventSeverity.Error, Trouble);
            return;
        }

        Words = $"the migration was stopped so that the guest could let go of this function: start it again within {QemuLimits.FollowTime.TotalSeconds:0} s, "
            + "and the function follows the guest";
        report(EventSeverity.Warning, $"the guest has let go of its functions: start the migration again within {QemuLimits.FollowTime.TotalSeconds:0} s");
        Enter(DepartureState.Waiting);
        await FollowAsync();
    }

    /// <summary>QEMU's word on a migration: of the event MIGRATION, or of query-migrate.</summary>
    public void OnStatus(string status)
    {
        _status = status;
        switch (_state)
        {
            case DepartureState.Waiting when IsMigrating:
                Words = "the guest migrates, and this function follows it";
                Enter(DepartureState.Leaving);
                break;
            case DepartureState.Leaving when status == Completed:
                OnLeft();
                break;
            case DepartureState.Leaving when !IsMigrating:
                End(EventSeverity.Warning, $"the migration ended as {status}; the guest has its functions again");
                break;
        }

        changed.Set();
    }

    /// <summary>The guest runs; after it had left, it has come back to life here.</summary>
    public void OnResumed()
    {
        if (_state == DepartureState.Left)
        {
            End(EventSeverity.Warning, "the guest runs here again after its migration; it has its functions again");
        }
    }

    public void OnConnected()
    {
        Trouble = "";
        if (_state != DepartureState.Here)
        {
            End(EventSeverity.Information, "another QEMU has come before the functions followed the guest; it has them");
        }
    }

    public void OnDisconnected()
    {
        _status = "";
        if (_state == DepartureState.LettingGo)
        {
            End(EventSeverity.Warning, "QEMU is gone before its guest had let go of all functions; they wait for QEMU");
        }
        else if (_state == DepartureState.Leaving)
        {
            OnLeft();
        }

        changed.Set();
    }

    /// <summary>A function has come and is held back.</summary>
    public void OnHeld()
    {
        _tellAt = scheduler.Now;
        changed.Set();
    }

    private bool IsMigrating => _status is not ("" or "none" or Completed or "failed" or "cancelled");

    private bool HasRefusal => plugs.Any(plug => plug is { IsHeld: true, HasGuestRefused: true });

    private void HoldBackAll()
    {
        foreach (var plug in plugs)
        {
            plug.HoldBack(QemuSlotState.LetGo);
        }
    }

    private void OnLeft()
    {
        Words = "the guest has migrated, and this function waits until it is known at which host";
        Enter(DepartureState.Left);
    }

    private void Enter(DepartureState state)
    {
        _state = state;
        _until = state == DepartureState.Leaving ? null : scheduler.Now + QemuLimits.FollowTime;
        _tellAt = scheduler.Now;
        changed.Set();
    }

    private async Task FollowAsync()
    {
        while (_state != DepartureState.Here)
        {
            if (_state == DepartureState.Left && !plugs.Any(plug => plug.IsHeld))
            {
                report(EventSeverity.Information, "the guest has migrated, and all functions have followed it");
                (_state, Words) = (DepartureState.Here, "");
            }
            else if (scheduler.Now >= _until)
            {
                OnTimeout();
            }
            else
            {
                if (scheduler.Now >= _tellAt && (_state != DepartureState.Left || _until is not null))
                {
                    Tell(_guest);
                    _tellAt = scheduler.Now + QemuLimits.FollowTellInterval;
                }

                await changed.Next(_until is { } until && until < _tellAt ? until
                    : _tellAt > scheduler.Now ? _tellAt : scheduler.Now + QemuLimits.FollowTellInterval);
            }
        }
    }

    private void OnTimeout()
    {
        if (_state == DepartureState.Waiting)
        {
            End(EventSeverity.Warning, "no migration was started again in time; the guest has its functions again");
        }
        else if (!qmp.IsReady)
        {
            End(EventSeverity.Warning, "the guest has migrated, and not all functions have followed it; they wait for a QEMU here");
        }
        else
        {
            // The guest of this QEMU is another machine's now: there is no use in plugging.
            _until = null;
            Tell(Guid.Empty);
            Words = "the guest has migrated, and this function has not followed it: does its host at the other end have migration = \"follow\", and a link to "
                + "this function's box? Give it by `expether move`";
            report(EventSeverity.Error, Words);
        }
    }

    /// <summary>The functions follow the guest no more, and whichever guest is here has them.</summary>
    private void End(EventSeverity severity, string why)
    {
        (_state, _until, Words) = (DepartureState.Here, null, "");
        report(severity, why);
        Tell(Guid.Empty);
        foreach (var plug in plugs)
        {
            plug.GoOn();
        }

        changed.Set();
    }

    private void Tell(Guid guest)
    {
        foreach (var plug in plugs)
        {
            if (plug.IsHeld)
            {
                plug.Guest?.Follow(guest);
            }
        }
    }
}
