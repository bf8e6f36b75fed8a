using ExpEther.Core.Counters;
using ExpEther.Core.Scheduling;
using ExpEther.Core.Stages;
using ExpEther.Core.Time;
using ExpEther.Daemon.Control;
using ExpEther.Ethernet.Ports;
using ExpEther.Link.Ethernet;
using ExpEther.Linux;
using ExpEther.Linux.Polling;
using ExpEther.Linux.Time;

namespace ExpEther.Daemon.Loop;

/// <summary>
/// The one thread that owns a port, the bridges behind it and all they hold.
/// <para>
/// Theory: run to completion. A turn takes what frames have come in (a bounded burst), lets every part move on, runs the continuations
/// of slow sequences, and sends every frame the parts want to send; a frame the port has no room for is kept in hand and offered again.
/// When a whole turn found nothing to do the loop spins for a moment, if cores are to be had (<see cref="SpinBudget"/>), then sleeps in poll(2) until a
/// descriptor is ready or the earliest deadline. The control socket is served at every wake-up, and now and then while busy. Frames
/// that are queued leave together; nothing waits for more to come. No locks, and no allocation in a turn that moves frames.
/// </para>
/// </summary>
public sealed partial class OwnerLoop
{
    private static readonly TimeSpan ControlInterval = TimeSpan.FromMicroseconds(LoopLimits.ControlMicroseconds);
    private static readonly TimeSpan RefreshInterval = TimeSpan.FromMilliseconds(LoopLimits.RefreshMilliseconds);

    private readonly INetworkPort _port;
    private readonly OwnerScheduler _scheduler;
    private readonly List<IOwnedPart> _parts;
    private readonly Queue<IOwnedPart> _leaving = new();
    private readonly List<IOwnedPart> _fenced = [];
    private readonly List<ILoopErrand> _errands = [];
    private readonly ControlServer _control;
    private readonly StopSignal _stop;
    private readonly IEventSink _events;
    private readonly Poller _poller = new();
    private readonly SpinBudget _spin = new();
    private readonly List<EventFd> _wakes = [];
    private readonly byte[] _frame;
    private int _frameBytes;
    private int _nextPart;
    private Instant _nextControl;
    private Instant _nextRefresh;

    public OwnerLoop(
        INetworkPort port, OwnerScheduler scheduler, IReadOnlyList<IOwnedPart> parts, ControlServer control, StopSignal stop, IEventSink events)
    {
        _port = port;
        _scheduler = scheduler;
        _parts = [.. parts];
        _control = control;
        _stop = stop;
        _events = events;
        _frame = new byte[port.MtuBytes + 64];
        _poller.Add(port.PollFileDescriptor, PollEvents.Readable);
        _poller.Add(stop.FileDescriptor, PollEvents.Readable);
    }

    /// <summary>Times the loop went to sleep.</summary>
    public long Sleeps { get; private set; }

    public long Turns => Stages.Turns;

    /// <summary>Where the loop's time goes.</summary>
    public StageClock Stages { get; init; } = new(null);

    /// <summary>Told of every turn; null: nobody publishes what is counted.</summary>
    public CounterPublisher? Publisher { get; set; }

    /// <summary>Also wakes the loop; whoever owns the descriptor makes it unreadable again (a backend, when its completions are taken).</summary>
    public void Watch(int fileDescriptor) => _poller.Add(fileDescriptor, PollEvents.Readable);

    /// <summary>Also wakes the loop, which then clears the event.</summary>
    public void Watch(EventFd wake)
    {
        _wakes.Add(wake);
        _poller.Add(wake.FileDescriptor, PollEvents.Readable);
    }

    /// <summary>Also looks at this at every look at the control socket, and wakes for it.</summary>
    internal void Watch(ILoopErrand errand)
    {
        _errands.Add(errand);
        _poller.Add(errand.PollFileDescriptor, PollEvents.Readable);
    }

    /// <summary>Wakes for the descriptor no more; before it is closed.</summary>
    public void Unwatch(int fileDescriptor) => _poller.Remove(fileDescriptor);

    /// <summary>Is there room to watch so many descriptors more, and for all that the control socket may need?</summary>
    public bool HasRoomToWatch(int descriptors) =>
        _poller.Count + descriptors + ControlLimits.ConnectionsMax + 1 <= LinuxLimits.PolledDescriptorsMax;

    /// <summary>Runs a part too from now on. Called from the scheduler.</summary>
    public void Add(IOwnedPart part) => _parts.Add(part);

    /// <summary>Lets a part say good-bye to its peers, and forgets it once that has been sent. Called from the scheduler.</summary>
    public void Retire(IOwnedPart part, Instant now)
    {
        if (_fenced.Remove(part))
        {
            return;
        }

        Check.That(_parts.Remove(part));
        _nextPart = 0;
        part.Close(now);
        _leaving.Enqueue(part);
    }

    /// <summary>Sees every frame that the port gives or takes; null: nobody looks.</summary>
    public IFrameTap? FrameTap { get; set; }

    /// <summary>What is done, with all of the loop's work going on, between a stop's being asked for and the good-bye; bounded. Null: nothing.</summary>
    public Func<Task>? Leave { get; set; }

    /// <summary>Runs until a stop is asked for, then leaves, and says good-bye to the peers.</summary>
    public void Run()
    {
        RunWhile(() => !_stop.IsRequested);
        _poller.Remove(_stop.FileDescriptor);
        if (Leave is { } leave)
        {
            var hasLeft = false;
            _scheduler.Start(async () =>
            {
                await leave();
                hasLeft = true;
            });
            RunWhile(() => !hasLeft);
        }

        Close();
    }

    private void RunWhile(Func<bool> condition)
    {
        var idleSince = MonotonicClock.Now;
        while (condition())
        {
            var now = MonotonicClock.Now;
            if (Turn(now))
            {
                idleSince = now;
            }
            else if (_spin.IsOver(idleSince, now))
            {
                Sleep(now);
                idleSince = MonotonicClock.Now;
                _spin.OnSlept(idleSince - now);
            }
            else if (_spin.ShouldOffer(idleSince, now))
            {
                _ = Thread.Yield();
                var back = MonotonicClock.Now;
                _spin.OnYielded(back, back - now);
            }
        }
    }

    /// <summary>One turn; never waits.</summary>
    /// <returns>True when anything happened.</returns>
    internal bool Turn(Instant now)
    {
        Stages.BeginTurn(now);
        _scheduler.Advance(now);
        var active = Receive(now);
        active |= PollParts(now);
        if (now >= _nextControl)
        {
            _nextControl = now + ControlInterval;
            active |= ServeControl(now);
            foreach (var errand in _errands)
            {
                active |= errand.Poll();
            }
        }

        if (_scheduler.HasReady && _scheduler.RunReady(LoopLimits.ContinuationsPerTurnMax) > 0)
        {
            // What a sequence has begun leaves with this turn's frames, not with the next.
            PollParts(now);
            active = true;
        }

        active |= Send(now);
        if (now >= _nextRefresh)
        {
            Refresh(now);
        }

        Publisher?.OnTurn(active, now);
        Stages.EndTurn(active);
        return active;
    }

    private bool PollParts(Instant now)
    {
        var active = false;
        var outer = Stages.Enter(Stage.Bridge);
        foreach (var part in _parts)
        {
            Stages.NextSlice();
            part.Scope?.Enter();
            try
            {
                active |= part.Poll(now);
            }
            catch (Exception e) when (TryFence(part, e))
            {
            }
            finally
            {
                SequenceScope.Leave();
            }
        }

        Stages.Leave(outer);
        DropFenced();
        return active;
    }

    /// <summary>One look at all of the control socket's descriptors costs less than asking each connection.</summary>
    private bool ServeControl(Instant now)
    {
        if (!_control.HasWork(now))
        {
            _control.Watch(_poller);
            _poller.Wait(0);
            if (!_control.IsReady(_poller))
            {
                return false;
            }
        }

        return _control.Poll(now);
    }

    private bool Receive(Instant now)
    {
        var count = 0;
        var outer = Stages.Enter(Stage.Wire);
        while (count < LoopLimits.FramesPerTurnMax && _port.TryReceive(out var frame))
        {
            count++;
            Stages.NextSlice();
            FrameTap?.OnReceived(frame);
            var wire = Stages.Enter(Stage.Bridge);
            var trust = FrameTrust.None;
            foreach (var part in _parts)
            {
                if (frame.Destination == part.Mac || frame.Destination.IsMulticast)
                {
                    var found = GiveFrame(part, frame, now);
                    trust = found > trust ? found : trust;
                }
            }

            DropFenced();
            Stages.Leave(wire);
            _port.Confirm(trust);
            _port.Release();
        }

        Stages.Leave(outer);
        return count > 0;
    }

    /// <summary>Sends all there is.</summary>
    private bool Send(Instant now)
    {
        var sent = 0;
        var outer = Stages.Enter(Stage.Bridge);
        while (_frameBytes > 0 || TryTakeFrame(now))
        {
            var bridge = Stages.Enter(Stage.Wire);
            var isSent = _port.TrySend(_frame.AsSpan(0, _frameBytes));
            Stages.Leave(bridge);
            if (!isSent)
            {
                break;
            }

            FrameTap?.OnSent(_frame.AsSpan(0, _frameBytes));
            _frameBytes = 0;
            sent++;
            Stages.NextSlice();
        }

        Stages.Leave(outer);
        return sent > 0;
    }

    /// <summary>The next frame: good-byes first, then parts take turns, so that one that always has a frame does not starve the others.</summary>
    private bool TryTakeFrame(Instant now)
    {
        while (_leaving.TryPeek(out var leaving))
        {
            if (leaving.TryTakeFrame(now, _frame, out _frameBytes))
            {
                return true;
            }

            _leaving.Dequeue();
        }

        for (var i = 0; i < _parts.Count; i++)
        {
            var part = _parts[_nextPart];
            _nextPart = (_nextPart + 1) % _parts.Count;
            try
            {
                if (part.TryTakeFrame(now, _frame, out _frameBytes))
                {
                    return true;
                }
            }
            catch (Exception e) when (TryFence(part, e))
            {
                DropFenced();
            }
        }

        _frameBytes = 0;
        return false;
    }

    private void Close()
    {
        var end = MonotonicClock.Now + TimeSpan.FromMilliseconds(LoopLimits.ClosingMilliseconds);
        foreach (var part in _parts)
        {
            try
            {
                part.Close(MonotonicClock.Now);
            }
            catch (Exception e) when (TryFence(part, e))
            {
            }
        }

        DropFenced();
        var now = MonotonicClock.Now;
        while ((Send(now) || _frameBytes > 0) && now < end)
        {
            now = MonotonicClock.Now;
        }

        _control.Poll(now);
    }
}
