using ExpEther.Core.Scheduling;
using ExpEther.Core.Time;
using ExpEther.Daemon.Loop;
using ExpEther.Linux;
using ExpEther.Linux.Polling;
using ExpEther.Linux.Processes;
using ExpEther.Linux.Sockets;
using ExpEther.Linux.Time;
using ExpEther.VfioUser.Keeping;

namespace ExpEther.Daemon.Keeping;

/// <summary>
/// A bridge's end of the connection to its keeper (<see cref="Keeper"/>): finds it, or starts one, and tells it of every client. Level-triggered: a keeper
/// that comes, also in place of one that was killed, is told of all that is there. Nothing waits for it.
/// </summary>
internal sealed class KeeperLink : IConnectionKeeper, ILoopErrand, IDisposable
{
    private readonly string _path;
    private readonly KeeperProgram? _program;
    private readonly OwnerScheduler _scheduler;
    private readonly IEventSink _events;
    private readonly OwnerSignal _changed;
    private readonly DescriptorSet _descriptors = new();
    private readonly Dictionary<long, (string Name, int Connection, int Journal)> _held = [];
    private readonly Dictionary<long, (string Path, int Descriptor)> _listeners = [];
    private readonly Dictionary<string, ReceivedDescriptors> _left = [];
    private KeeperChannel? _channel;
    private long _lastNumber;
    private long _answeredByKeeper;
    private bool _isTakingOver;
    private bool _isStarted;
    private bool _isDisposed;
    private string _reported = "";

    /// <param name="path">The keeper's socket.</param>
    /// <param name="program">Starts one; null: only one that is there already is used.</param>
    /// <param name="scheduler">The owner's.</param>
    /// <param name="events">Told what an operator should know.</param>
    public KeeperLink(string path, KeeperProgram? program, OwnerScheduler scheduler, IEventSink events)
    {
        (_path, _program, _scheduler, _events) = (path, program, scheduler, events);
        _changed = new OwnerSignal(scheduler);
    }

    public int PollFileDescriptor => _descriptors.FileDescriptor;

    /// <summary>A keeper has taken what there is.</summary>
    public bool IsHeld { get; private set; }

    /// <summary>The path of the keeper's socket of a daemon.</summary>
    /// <param name="controlSocket">The daemon's.</param>
    public static string PathOf(string controlSocket) => $"{controlSocket}.keeper";

    /// <summary>Has a keeper from now on. Again: nothing.</summary>
    public void Start()
    {
        if (!_isStarted)
        {
            _isStarted = true;
            _scheduler.Start(RunAsync);
        }
    }

    /// <summary>
    /// At a start, before any socket is made: asks a keeper that is there for the sockets of an earlier bridge. Waits for its answer, at most
    /// <see cref="KeeperLimits.WelcomeTimeout"/>; without a keeper not at all.
    /// </summary>
    public void TakeOver()
    {
        _isTakingOver = true;
        var until = MonotonicClock.Now + KeeperLimits.WelcomeTimeout;
        var poller = new Poller();
        while (!IsHeld && MonotonicClock.Now < until)
        {
            if (_channel is null && !TryConnect())
            {
                return;
            }

            poller.Add(_channel!.FileDescriptor, PollEvents.Readable);
            poller.Wait(until - MonotonicClock.Now);
            poller.Remove(_channel.FileDescriptor);
            if (Poll() && _channel is null)
            {
                // It sends us away as long as it has not seen the end of the bridge before.
                poller.Wait(KeeperLimits.ConnectRetryMin);
            }
        }
    }

    /// <summary>All sockets are made: those of the earlier bridge that are not wanted any more go.</summary>
    public void EndTakeOver()
    {
        DropLeft();
        _isTakingOver = false;
        if (IsHeld)
        {
            ReportHeld();
        }
    }

    public bool Poll()
    {
        var any = false;
        while (_channel is not null && _channel.TryTake(out var message))
        {
            any = true;
            if (message.Kind == KeeperMessageKind.Listener && !IsHeld && _channel.Descriptors.Count == 1 && _left.Count < KeeperLimits.ListenersMax)
            {
                var left = new ReceivedDescriptors();
                left.TryAdd(_channel.Descriptors.Take(0));
                if (!_left.TryAdd(message.Name, left))
                {
                    left.Dispose();
                }
            }

            if (message.Kind == KeeperMessageKind.Welcome)
            {
                IsHeld = true;
                _answeredByKeeper = message.Number;
                if (!_isTakingOver)
                {
                    ReportHeld();
                }
            }
        }

        if (_channel is { IsBroken: true })
        {
            any = true;
            Drop();
        }

        return any;
    }

    public long Hold(string name, int connection, int journal)
    {
        var number = ++_lastNumber;
        _held.Add(number, (name, connection, journal));
        _channel?.TrySend(new KeeperMessage(KeeperMessageKind.Hold, number, name), connection, journal);
        return number;
    }

    public long HoldListener(string path, int listener)
    {
        var number = ++_lastNumber;
        _listeners.Add(number, (path, listener));
        _channel?.TrySend(new KeeperMessage(KeeperMessageKind.HoldListener, number, path), listener);
        return number;
    }

    public int TakeListener(string path) => _left.Remove(path, out var left) ? left.Take(0) : -1;

    public void Release(long number) => End(number, KeeperMessageKind.Release);

    public void GoOn(long number) => End(number, KeeperMessageKind.GoOn);

    public void Dispose()
    {
        _isDisposed = true;
        _channel?.Dispose();
        _channel = null;
        DropLeft();
        _descriptors.Dispose();
    }

    private void End(long number, KeeperMessageKind kind)
    {
        if (_held.Remove(number) | _listeners.Remove(number))
        {
            _channel?.TrySend(new KeeperMessage(kind, number));
        }
    }

    private async Task RunAsync()
    {
        var pause = KeeperLimits.ConnectRetryMin;
        var launchPause = KeeperLimits.LaunchRetryMin;
        var launchNotBefore = Instant.Zero;
        while (!_isDisposed)
        {
            if (_channel is not null || TryConnect())
            {
                pause = KeeperLimits.ConnectRetryMin;
                var since = _scheduler.Now;
                while (_channel is not null && !_isDisposed)
                {
                    await _changed.Next(Instant.Never);
                }

                launchPause = _scheduler.Now - since < KeeperLimits.LaunchRetryMax ? launchPause : KeeperLimits.LaunchRetryMin;
                continue;
            }

            if (_program is not null && _scheduler.Now >= launchNotBefore)
            {
                launchNotBefore = _scheduler.Now + launchPause;
                launchPause = launchPause * 2 < KeeperLimits.LaunchRetryMax ? launchPause * 2 : KeeperLimits.LaunchRetryMax;
                if (_program.TryStart(_path) is { } trouble)
                {
                    Report(EventSeverity.Warning, $"no keeper can be started: {trouble}; guests end at their next reset when this process ends");
                }
            }

            await _scheduler.Delay(pause);
            pause = pause * 2 < KeeperLimits.ConnectRetryMax ? pause * 2 : KeeperLimits.ConnectRetryMax;
        }
    }

    private bool TryConnect()
    {
        try
        {
            _channel = KeeperChannel.Connect(_path);
        }
        catch (Exception e) when (e is LinuxException or ArgumentException)
        {
            // Not there yet, or a path too long for a socket.
            if (e is not LinuxException { Error: Errno.ENOENT or Errno.ECONNREFUSED })
            {
                Report(EventSeverity.Warning, $"no keeper can be reached: {e.Message}");
            }

            return false;
        }

        _descriptors.Add(_channel.FileDescriptor, PollEvents.Readable);
        if (!_channel.IsOfOurUser)
        {
            Report(EventSeverity.Error, $"{_path} is another user's: no keeper is used");
            Drop();
            return false;
        }

        Tell();
        return _channel is { IsBroken: false };
    }

    private void Tell()
    {
        try
        {
            using var self = ProcessHandle.OfThis();
            _channel!.TrySend(new KeeperMessage(KeeperMessageKind.Hello), self.FileDescriptor);
        }
        catch (LinuxException e)
        {
            Report(EventSeverity.Warning, $"no keeper can be used: {e.Message}");
            Drop();
            return;
        }

        foreach (var (number, held) in _held)
        {
            _channel.TrySend(new KeeperMessage(KeeperMessageKind.Hold, number, held.Name), held.Connection, held.Journal);
        }

        foreach (var (number, listener) in _listeners)
        {
            _channel.TrySend(new KeeperMessage(KeeperMessageKind.HoldListener, number, listener.Path), listener.Descriptor);
        }

        if (_channel.IsBroken)
        {
            Drop();
        }
    }

    private void Drop()
    {
        if (IsHeld)
        {
            Report(EventSeverity.Warning, "the keeper of the guests' connections is gone; another one is started");
        }

        IsHeld = false;
        _descriptors.Remove(_channel!.FileDescriptor);
        _channel.Dispose();
        _channel = null;
        _changed.Set();
    }

    private void DropLeft()
    {
        foreach (var (path, descriptors) in _left)
        {
            SocketFile.Remove(path);
            descriptors.Dispose();
        }

        _left.Clear();
    }

    private void ReportHeld() => Report(
        EventSeverity.Information,
        $"process {_channel!.PeerProcess} keeps the guests' connections should this one end"
        + (_answeredByKeeper > 0 ? $"; it answers {_answeredByKeeper} of an earlier bridge until their devices are removed" : ""));

    private void Report(EventSeverity severity, string text)
    {
        if (text != _reported)
        {
            _reported = text;
            _events.Report(severity, "keeper", text);
        }
    }
}
