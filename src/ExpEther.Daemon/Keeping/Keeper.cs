using ExpEther.Core.Time;
using ExpEther.Linux.Polling;
using ExpEther.Linux.Processes;
using ExpEther.Linux.Sockets;
using ExpEther.Linux.Time;

namespace ExpEther.Daemon.Keeping;

/// <summary>
/// <c>expether keeper</c>: holds what QEMU's vfio-user clients need to live on when their host bridge ends, and serves them then.
/// <para>
/// Theory. While its bridge lives the keeper has descriptors of all its clients' connections and never reads from one. When the bridge's process has ended
/// (its pidfd says so, not its socket: a bridge that only lost its keeper still serves), or says so of a connection itself, the keeper goes on with
/// the client from the journal that the bridge left. Each is served until it closes its connection, which the next bridge has QEMU do by device_del.
/// The sockets that the bridge listened on stay open and go to the next bridge before it makes its own: a client that connects meanwhile waits.
/// </para>
/// <para>
/// One bridge at a time: another one is sent away while the first lives. It ends by itself: with no bridge and no client left, when no next bridge came
/// for the sockets in time, or no first one at all.
/// </para>
/// </summary>
public sealed class Keeper : IDisposable
{
    private readonly IEventSink _events;
    private readonly UnixListener _listener;
    private readonly StopSignal _stop = new();
    private readonly Poller _poller = new();
    private readonly List<KeptClient> _clients = [];
    private readonly List<KeptListener> _listeners = [];
    private readonly List<KeeperChannel> _asking = [];
    private Instant _bridgeUntil = MonotonicClock.Now + KeeperLimits.FirstBridgeTimeout;
    private KeeperChannel? _bridge;
    private ProcessHandle? _process;
    private int _processId;
    private bool _hadBridge;

    /// <param name="path">Where bridges find it; only its user can connect.</param>
    /// <param name="events">Told when it begins and ends to serve clients.</param>
    /// <exception cref="Linux.LinuxException">EADDRINUSE: there is one already.</exception>
    public Keeper(string path, IEventSink events)
    {
        _events = events;
        _listener = new UnixListener(path);
        _poller.Add(_listener.FileDescriptor, PollEvents.Readable);
        _poller.Add(_stop.FileDescriptor, PollEvents.Readable);
    }

    /// <summary>Runs until nobody needs it, or SIGTERM.</summary>
    public void Run()
    {
        while (!_stop.IsRequested && IsNeeded)
        {
            Turn();
            Sleep();
        }

        CloseAbandonedSockets();
        if (_clients.Count(c => c.IsServed) is > 0 and var left)
        {
            Report(EventSeverity.Warning, $"ends although {left} clients without a bridge need it: their guests end at their next reset");
        }
    }

    /// <summary>From any thread.</summary>
    public void Stop() => _stop.Request();

    public void Dispose()
    {
        _clients.ForEach(c => c.Dispose());
        _listeners.ForEach(l => l.Dispose());
        _asking.ForEach(a => a.Dispose());
        _bridge?.Dispose();
        _process?.Dispose();
        _listener.Dispose();
        _stop.Dispose();
    }

    private bool IsNeeded => _bridge is not null || _process is not null || _clients.Count > 0 || _asking.Count > 0 || WaitsForBridge;

    /// <summary>No bridge is there, and one may come for what there is.</summary>
    private bool WaitsForBridge => _process is null && (!_hadBridge || _listeners.Count > 0) && MonotonicClock.Now < _bridgeUntil;

    private void Turn()
    {
        // What the bridge said last comes before its end.
        ListenToBridge();
        if (_process is { HasEnded: true })
        {
            ListenToBridge();
            OnBridgeEnded();
        }

        AcceptBridges();
        CloseAbandonedSockets();
        foreach (var client in _clients)
        {
            client.Poll(_poller);
        }

        foreach (var client in _clients.FindAll(c => c.EndReason is not null))
        {
            Report(EventSeverity.Information, $"{client.Name}: {client.EndReason}");
            Forget(client);
        }
    }

    private void Sleep()
    {
        if (!IsNeeded)
        {
            return;
        }

        TimeSpan? wait = _clients.Exists(c => c.HasWork) ? TimeSpan.Zero : WaitsForBridge ? _bridgeUntil - MonotonicClock.Now : null;
        _poller.Wait(wait < TimeSpan.Zero ? TimeSpan.Zero : wait);
    }

    private void ListenToBridge()
    {
        while (_bridge is not null && _bridge.TryTake(out var message))
        {
            OnMessage(message, _bridge.Descriptors);
        }

        if (_bridge is { IsBroken: true })
        {
            Close(ref _bridge);
        }
    }

    private void OnMessage(in KeeperMessage message, ReceivedDescriptors descriptors)
    {
        var number = message.Number;
        var client = _clients.Find(c => c.Number == number && !c.IsServed);
        switch (message.Kind)
        {
            case KeeperMessageKind.Hold when descriptors.Count == 2 && _clients.Count < KeeperLimits.ConnectionsMax:
                _clients.Add(new KeptClient(number, message.Name, descriptors));
                break;
            case KeeperMessageKind.HoldListener when descriptors.Count == 1 && _listeners.Count < KeeperLimits.ListenersMax:
                _listeners.Add(new KeptListener(number, message.Name, descriptors));
                break;
            case KeeperMessageKind.Release when client is not null:
                Forget(client);
                break;
            case KeeperMessageKind.Release when _listeners.Find(l => l.Number == number) is { } listener:
                _listeners.Remove(listener);
                listener.Dispose();
                break;
            case KeeperMessageKind.GoOn when client is not null:
                client.Begin(_poller);
                break;
        }
    }

    private void OnBridgeEnded()
    {
        var left = _clients.FindAll(c => !c.IsServed);
        left.ForEach(c => c.Begin(_poller));
        if (left.Count > 0)
        {
            Report(
                EventSeverity.Warning,
                $"the host bridge (process {_processId}) is gone; goes on with {string.Join(", ", left.Select(c => c.Name))}: dead devices meanwhile");
        }

        if (_bridge is not null)
        {
            Close(ref _bridge);
        }

        _poller.Remove(_process!.FileDescriptor);
        _process.Dispose();
        _process = null;
        _bridgeUntil = MonotonicClock.Now + KeeperLimits.NextBridgeTimeout;
    }

    private void AcceptBridges()
    {
        while (_asking.Count < KeeperLimits.BridgesMax && _listener.TryAccept(out var connection))
        {
            var channel = new KeeperChannel(connection);
            if (!channel.IsOfOurUser)
            {
                channel.Dispose();
                continue;
            }

            _poller.Add(channel.FileDescriptor, PollEvents.Readable);
            _asking.Add(channel);
        }

        foreach (var channel in _asking.ToList())
        {
            if (channel.TryTake(out var message))
            {
                _asking.Remove(channel);
                OnHello(channel, message);
            }
            else if (channel.IsBroken)
            {
                _asking.Remove(channel);
                KeeperChannel? gone = channel;
                Close(ref gone);
            }
        }
    }

    private void OnHello(KeeperChannel channel, in KeeperMessage message)
    {
        var isSame = channel.PeerProcess == _processId && _process is not null;
        var process = message.Kind == KeeperMessageKind.Hello && channel.Descriptors.Count == 1 ? ProcessHandle.Of(channel.Descriptors.Take(0)) : null;
        if (process is null || (_process is not null && !isSame))
        {
            process?.Dispose();
            KeeperChannel? refused = channel;
            Close(ref refused);
            return;
        }

        // A bridge that comes again tells anew of what it has.
        if (isSame)
        {
            _clients.FindAll(c => !c.IsServed).ForEach(Forget);
            _poller.Remove(_process!.FileDescriptor);
            _process.Dispose();
            if (_bridge is not null)
            {
                Close(ref _bridge);
            }
        }

        foreach (var listener in isSame ? [] : _listeners)
        {
            channel.TrySend(new KeeperMessage(KeeperMessageKind.Listener, listener.Number, listener.Path), listener.Descriptor);
        }

        ForgetListeners();
        (_bridge, _process, _processId, _hadBridge) = (channel, process, channel.PeerProcess, true);
        _poller.Add(process.FileDescriptor, PollEvents.Readable);
        channel.TrySend(new KeeperMessage(KeeperMessageKind.Welcome, _clients.Count(c => c.IsServed)));
        ListenToBridge();
    }

    private void Forget(KeptClient client)
    {
        _clients.Remove(client);
        client.Dispose();
    }

    private void CloseAbandonedSockets()
    {
        if (_process is null && _listeners.Count > 0 && !WaitsForBridge)
        {
            Report(EventSeverity.Warning, $"no host bridge came back in {KeeperLimits.NextBridgeTimeout.TotalSeconds} s: its sockets are closed");
            _listeners.ForEach(l => SocketFile.Remove(l.Path));
            ForgetListeners();
        }
    }

    private void ForgetListeners()
    {
        _listeners.ForEach(l => l.Dispose());
        _listeners.Clear();
    }

    private void Close(ref KeeperChannel? channel)
    {
        _poller.Remove(channel!.FileDescriptor);
        channel.Dispose();
        channel = null;
    }

    private void Report(EventSeverity severity, string text) => _events.Report(severity, "keeper", text);
}
