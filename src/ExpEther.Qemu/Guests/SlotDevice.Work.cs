using ExpEther.Qemu.Qmp;
using ExpEther.RootComplex.Guests;

namespace ExpEther.Qemu.Guests;

/// <summary>The sequence: a step at a time towards what should be.</summary>
internal sealed partial class SlotDevice
{
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
        if (!IsSettled && (_qmp.IsReady || (IsWanted && _slot.NeedsReset)))
        {
            _scheduler.Start(RetryAsync);
        }
    }

    private async Task RetryAsync()
    {
        var retries = ++_retries;
        await _scheduler.Until(_times.Next(Id is not null, _scheduler.Now));
        if (retries == _retries && !IsSettled)
        {
            _isLookNeeded = true;
            Kick();
        }
    }

    private async Task StepAsync()
    {
        if (IsWanted && _slot is { NeedsReset: true, IsTaken: false } && !await _slot.ResetAsync())
        {
            // A function that is not wanted any more went away in the middle of it, for instance because the guest has ejected it.
            if (IsWanted)
            {
                AddRefused(EventSeverity.Error, "the function did not come back from the reset between two clients; it is tried again");
            }

            return;
        }

        if (_qmp.IsReady && _isLookNeeded && !await LookAsync())
        {
            return;
        }

        if (IsWanted && _slot.IsTaken)
        {
            Trouble = "";
            _times.Settle();
            _teller.OnConnected(isPlugged: Id is not null);
        }
        else if (!IsWanted && IsClientAlone)
        {
            Ask();
        }
        else if (IsSettled)
        {
            _times.Settle();
        }
        else if (_qmp.IsReady && Id is { } device)
        {
            await (_scheduler.Now < _times.Delete ? Task.CompletedTask : DeleteAsync(device));
        }
        else if (_qmp.IsReady && IsWanted && !_slot.NeedsReset && !_slot.Server.IsConnected && _scheduler.Now >= _times.Add)
        {
            // A client that waits at the socket already would be in the way of QEMU's.
            await AddAsync();
        }
    }

    /// <summary>A client that QEMU's monitor does not remove is asked in the protocol's way, once.</summary>
    private void Ask()
    {
        if (_slot.Request.TryAsk() && _slot.Guest?.Function is not null)
        {
            _report(EventSeverity.Information, _slot.Request.IsHeard
                ? $"the client is asked by its request interrupt to let go of the function within {_unplugTimeout.TotalSeconds:0.#} s"
                : "the client listens to no request interrupt (VFIO_PCI_REQ_IRQ_INDEX) and so cannot be asked to let go of the function; "
                    + $"it has {_unplugTimeout.TotalSeconds:0.#} s to close its connection");
        }
    }

    private async Task<bool> LookAsync()
    {
        _isLookNeeded = false;
        var (isAnswered, device) = await _devices.FindAsync(_name, _slot.IsTaken ? _port : null);
        if (!isAnswered)
        {
            _isLookNeeded = true;
            return false;
        }

        if (Id is not null && device is null)
        {
            OnDeleted();
        }

        Id = device;
        return true;
    }

    private async Task AddAsync()
    {
        IsAdding = true;
        var reply = await _devices.AddAsync(_name, _port, _slot.SocketPath);
        IsAdding = false;
        _isLookNeeded = true;
        _isAgain = true;
        switch (reply.Outcome)
        {
            case QmpOutcome.Done:
                Id = _name;
                _isLookNeeded = false;
                if (!_slot.IsTaken)
                {
                    AddRefused(EventSeverity.Warning, "QEMU has the function, but gave up its connection at once");
                }

                break;
            case QmpOutcome.Refused:
                IsHopeless = Refusal.IsFinal(reply.Text);
                var remedy = Refusal.RemedyFor(reply.Text, _port, _name);
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
        if (IsWanted && !_isDeleting && await _changed.WaitUntil(() => !IsWanted || Id != device || !_qmp.IsReady, QemuLimits.EjectGrace))
        {
            return;
        }

        if (_isAsleep())
        {
            DeleteRefused(EventSeverity.Information, "the guest sleeps; it is asked to let go when it wakes up");
            return;
        }

        HasGuestRefused = false;
        _isDeleting = true;
        var reply = await _devices.DeleteAsync(device);
        if (reply is { Outcome: QmpOutcome.Refused, ErrorClass: "DeviceNotFound" })
        {
            OnDeleted();
            return;
        }

        if (reply.Outcome == QmpOutcome.Refused && !Refusal.IsAskedAlready(reply.Text))
        {
            DeleteRefused(EventSeverity.Warning, $"QEMU does not take the device away: {reply.Text}");
            return;
        }

        if (!await _changed.WaitUntil(() => Id != device || !_qmp.IsReady || HasGuestRefused, _unplugTimeout) || HasGuestRefused)
        {
            IsOverdue = true;
            _times.SlowDown();
            var trouble = HasGuestRefused ? "the guest refuses to let go" : "the guest does not let go; it is asked again";
            DeleteRefused(EventSeverity.Warning, trouble);
        }
    }

    private void NotAdded(string trouble)
    {
        IsRefused = true;
        AddRefused(EventSeverity.Error, trouble);
        if (IsWanted)
        {
            _slot.Guest?.Say(GuestShowing.Refused, trouble);
        }
    }

    private void AddRefused(EventSeverity severity, string trouble)
    {
        _times.AddRefused(_scheduler.Now);
        Fail(severity, trouble);
    }

    private void DeleteRefused(EventSeverity severity, string trouble)
    {
        _times.DeleteRefused(_scheduler.Now);
        Fail(severity, trouble);
    }
}
