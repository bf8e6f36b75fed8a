using ExpEther.Core.Counters;
using ExpEther.Core.Stages;
using ExpEther.Core.Time;
using ExpEther.Ethernet.Frames;
using ExpEther.Linux.Polling;
using ExpEther.Linux.Time;

namespace ExpEther.Ethernet.Switch;

/// <summary>
/// A <see cref="VlanSwitch"/> over real ports: the loop of <c>expether switch</c>. One thread. Each turn takes a burst from every port,
/// then sends what is due at every port; with nothing to do it spins for a moment and then sleeps in poll. Other descriptors (a control
/// socket, a stop signal) are polled along: see <see cref="Poller"/> and the callback of <see cref="Run"/>.
/// </summary>
public sealed class SwitchProcess : IDisposable
{
    // A blocked reader on another core costs ~50 µs to wake; a switch that spins that long answers bursts at once.
    private static readonly TimeSpan SpinSpan = TimeSpan.FromMicroseconds(50);

    // A busy loop still looks at the other descriptors this often.
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan RefreshInterval = TimeSpan.FromSeconds(1);

    private readonly VlanSwitch _switch;
    private readonly SwitchProcessPort[] _ports;
    private readonly ushort _etherType;
    private Instant _nextRefresh;

    /// <param name="ports">At least one; names unique.</param>
    /// <param name="random">For drops by probability.</param>
    /// <param name="etherType">What the ports carry.</param>
    public SwitchProcess(IReadOnlyList<SwitchProcessPort> ports, IRandomSource random, ushort etherType = EthernetHeader.ExpEtherType)
    {
        Check.That(ports.Count is > 0 and <= EthernetLimits.SwitchPortsMax);
        _switch = new VlanSwitch(random);
        _ports = [.. ports];
        _etherType = etherType;
        foreach (var port in _ports)
        {
            _switch.AddPort(port.Name, port.Mode, port.Port.MtuBytes);
            Poller.Add(port.Port.PollFileDescriptor, PollEvents.Readable);
        }
    }

    /// <summary>The loop's poller: descriptors added to it wake the loop, which then calls the callback of <see cref="Run"/>.</summary>
    public Poller Poller { get; } = new();

    public IReadOnlyList<SwitchProcessPort> Ports => _ports;

    /// <summary>Where the loop's time goes; forwarding counts as <see cref="Stage.Bridge"/>.</summary>
    public StageClock Stages { get; init; } = new(null);

    /// <summary>Told of every turn; null: nobody publishes what is counted.</summary>
    public CounterPublisher? Publisher { get; set; }

    /// <summary>Times the loop went to sleep.</summary>
    public long Sleeps { get; private set; }

    /// <summary>Runs until <paramref name="stop"/> says so.</summary>
    /// <param name="stop">Looked at every turn. Whoever makes it true from outside wakes the loop through a descriptor of <see cref="Poller"/>.</param>
    /// <param name="onWake">Called on this thread after every look at the descriptors, at least once a second: the place to serve control connections.</param>
    public void Run(Func<bool> stop, Action<Instant>? onWake = null)
    {
        var spinUntil = MonotonicClock.Now + SpinSpan;
        var nextLook = Instant.Zero;
        while (!stop())
        {
            var now = MonotonicClock.Now;
            if (Turn(now))
            {
                spinUntil = now + SpinSpan;
            }

            if (now < spinUntil && now < nextLook)
            {
                // The core may be wanted by the very peer whose frames are waited for.
                _ = Thread.Yield();
                continue;
            }

            Poll(now < spinUntil ? now : SleepUntil, now);
            onWake?.Invoke(MonotonicClock.Now);
            now = MonotonicClock.Now;
            nextLook = now + LookInterval;

            // A sleep that ended spins again: frames come in bursts.
            spinUntil = now + SpinSpan;
        }
    }

    /// <summary>One turn of the loop: receives, forwards and sends what it can. False when there was nothing to do.</summary>
    public bool Turn(Instant now)
    {
        Stages.BeginTurn(now);
        if (now >= _nextRefresh)
        {
            Refresh();
            _nextRefresh = now + RefreshInterval;
        }

        var worked = false;
        for (var i = 0; i < _ports.Length; i++)
        {
            worked |= Receive(i, now);
        }

        for (var i = 0; i < _ports.Length; i++)
        {
            worked |= Send(i, now);
        }

        Publisher?.OnTurn(worked, now);
        Stages.EndTurn(worked);
        return worked;
    }

    /// <summary>Every frame on a port's cable, either way, is lost with this probability. False: no such port.</summary>
    public bool SetDrop(string port, double probability) => With(port, i => _switch.SetDrop(i, probability));

    /// <summary>The next frames on a port's cable, either way, are lost. False: no such port.</summary>
    public bool DropNext(string port, long count) => With(port, i => _switch.DropNext(i, count));

    /// <summary>Cuts a port's cable until <see cref="Heal"/>. False: no such port.</summary>
    public bool Cut(string port) => With(port, _switch.Cut);

    /// <summary>Mends a port's cable: no cut, drops or delay. False: no such port.</summary>
    public bool Heal(string port) => With(port, _switch.Heal);

    /// <summary>Delays every frame on a port's cable, in each direction. False: no such port.</summary>
    public bool SetDelay(string port, TimeSpan delay) => With(port, i => _switch.SetDelay(i, delay));

    /// <summary>Adds what a port counts, and its faults.</summary>
    public void AddCounters(CounterTree tree, string port) => _switch.AddCounters(tree, _switch.Find(port));

    public SwitchSnapshot Snapshot() => _switch.Snapshot();

    public void Dispose()
    {
        foreach (var port in _ports)
        {
            Poller.Remove(port.Port.PollFileDescriptor);
            port.Port.Dispose();
        }
    }

    private bool Receive(int index, Instant now)
    {
        var port = _ports[index].Port;
        var count = 0;
        var outer = Stages.Enter(Stage.Wire);
        while (count < EthernetLimits.SwitchBurstFramesMax && port.TryReceive(out var frame))
        {
            Stages.NextSlice();
            var wire = Stages.Enter(Stage.Bridge);
            _switch.OnFrame(index, frame, _etherType, now);
            Stages.Leave(wire);
            port.Release();
            count++;
        }

        Stages.Leave(outer);
        return count > 0;
    }

    private bool Send(int index, Instant now)
    {
        var port = _ports[index].Port;
        var count = 0;
        while (count < EthernetLimits.SwitchBurstFramesMax && _switch.TryTake(index, now, out var frame))
        {
            Stages.NextSlice();
            var outer = Stages.Enter(Stage.Wire);
            var isSent = port.TrySend(frame);
            Stages.Leave(outer);
            if (!isSent)
            {
                Poller.Change(port.PollFileDescriptor, PollEvents.Readable | PollEvents.Writable);
                return count > 0;
            }

            _switch.Release(index);
            count++;
        }

        return count > 0;
    }

    private Instant SleepUntil =>
        Instant.Min(Publisher?.NextDeadline ?? Instant.Never, Instant.Min(_switch.NextDeadline ?? Instant.Never, _nextRefresh));

    private void Poll(Instant until, Instant now)
    {
        var wait = until.Nanoseconds - now.Nanoseconds;
        if (wait > 0)
        {
            Sleeps++;
            Stages.FallAsleep(MonotonicClock.Now);
            Poller.Wait(wait);
            Stages.WakeUp(MonotonicClock.Now);
        }
        else
        {
            Poller.Wait(0);
        }

        foreach (var port in _ports)
        {
            var ready = Poller.Ready(port.Port.PollFileDescriptor);
            if ((ready & (PollEvents.Error | PollEvents.HangUp)) != 0)
            {
                port.Port.Refresh();
            }

            if ((ready & PollEvents.Writable) != 0)
            {
                Poller.Change(port.Port.PollFileDescriptor, PollEvents.Readable);
            }
        }
    }

    private void Refresh()
    {
        foreach (var port in _ports)
        {
            port.Port.Refresh();
        }
    }

    private bool With(string name, Action<int> change)
    {
        var index = _switch.Find(name);
        if (index < 0)
        {
            return false;
        }

        change(index);
        return true;
    }
}
