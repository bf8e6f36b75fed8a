using ExpEther.Core.Time;
using ExpEther.Linux.Polling;
using ExpEther.Linux.Time;

namespace ExpEther.Daemon.Loop;

/// <content>What the loop does when there is nothing to do, and how it wakes.</content>
public sealed partial class OwnerLoop
{
    private void Refresh(Instant now)
    {
        _nextRefresh = now + RefreshInterval;
        if (_port.Refresh())
        {
            _events.Report(
                _port.IsUp ? EventSeverity.Information : EventSeverity.Warning, _port.Name, _port.IsUp ? "the interface is up" : "the interface is down");
        }
    }

    private void Sleep(Instant now)
    {
        var deadline = Instant.Earliest(_scheduler.NextDeadline, Instant.Earliest(_control.NextDeadline, _nextRefresh));
        foreach (var part in _parts)
        {
            try
            {
                deadline = Instant.Earliest(deadline, part.NextDeadline);
            }
            catch (Exception e) when (TryFence(part, e))
            {
            }
        }

        DropFenced();
        deadline = Instant.Earliest(deadline, Publisher?.NextDeadline);

        var wait = deadline!.Value.Nanoseconds - now.Nanoseconds;
        if (wait > 0)
        {
            Sleeps++;
            _poller.Change(_port.PollFileDescriptor, _frameBytes > 0 ? PollEvents.Readable | PollEvents.Writable : PollEvents.Readable);
            _control.Watch(_poller);
            Stages.FallAsleep(MonotonicClock.Now);
            _poller.Wait(wait);
            Stages.WakeUp(MonotonicClock.Now);
            if ((_poller.Ready(_port.PollFileDescriptor) & PollEvents.Error) != 0)
            {
                Refresh(now);
            }

            foreach (var wake in _wakes)
            {
                _ = wake.Clear();
            }
        }

        _nextControl = Instant.Zero;
    }
}
