using ExpEther.Bridge.Hosts.Resuming;
using ExpEther.Bridge.Protocol;
using ExpEther.Core.Time;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Bridge.Hosts;

/// <summary>How a slot is held for a box that is away, and its function goes on when the box is back.</summary>
internal sealed partial class DownstreamSlot
{
    private readonly SlotHold _hold = new();

    /// <summary>Its box is away: what is in it is the box's of before.</summary>
    public bool IsHeld => _hold.State == HoldState.Held;

    /// <summary>
    /// The box is away and may come back: what is outstanding waits, and the host sees nothing.
    /// </summary>
    /// <returns>False: the host has not taken the function, or it cannot go on.</returns>
    public bool TryHold(Instant until, Instant now)
    {
        if (State != SlotState.On || Occupant is not { Shadow: not null } occupant)
        {
            return false;
        }

        _dma.Clear();
        _postedOffset = 0;
        occupant.BusMasterEnable = false;
        _hold.Begin(until);
        _counters.HostRequestsUnanswered += _requests.KeepIn(_hold);
        return true;
    }

    /// <summary>The box has its link again.</summary>
    public void Expect(Instant until) => _hold.Expect(until);

    /// <summary>Lets the function go on that is held here, if the one that its box presents is the same.</summary>
    public bool TryContinue(BoxLink box, in PresentMessage present, Instant now)
    {
        Check.That(IsHeld);
        if (Occupant!.ContinuedBy(present) is not { } next)
        {
            return false;
        }

        _hotPlug.Continue(next);
        box.SendResumed(next);
        if (next.IsShown || !_isPlugTold)
        {
            box.SendPlugged(next, Number);
        }

        _hold.BeginRestoring(next.Shadow!, now + HostBridgeLimits.ResumeTimeMax);
        Restore(now);
        return true;
    }

    /// <returns>False: its time is over, and the slot is empty.</returns>
    private bool GoOnHolding(Instant now)
    {
        if (now >= _hold.Deadline)
        {
            Remove(now);
            return false;
        }

        Restore(now);
        return true;
    }

    /// <summary>A completion of the function while it is restored.</summary>
    private void OnRestored(in TlpView completion, Instant now)
    {
        if (_hold.OnCompletion(completion))
        {
            Restore(now);
        }
        else
        {
            Remove(now);
        }
    }

    /// <summary>Gives the function what the host had written into it, and then what waited for it.</summary>
    private void Restore(Instant now)
    {
        if (_hold.State != HoldState.Restoring || !_hold.Restore(Occupant!, Config.Rid))
        {
            return;
        }

        while (_hold.TryTakeWaiting(out var waited))
        {
            Check.That(TlpView.TryParse(waited, out var request) == TlpError.None);
            if (!_requests.TryKeepWaiting(request)
                || Occupant!.Box.Link.TrySendTlp(Occupant.Function, Occupant.Generation, TlpClass.NonPosted, waited))
            {
                continue;
            }

            _counters.HostRequestsUnanswered++;
            _requests.End(request);
        }

        _hold.End();
    }
}
