using System.Buffers;
using System.Text;
using System.Text.Json;
using ExpEther.Core.Scheduling;
using ExpEther.Core.Time;
using ExpEther.Linux;
using ExpEther.Linux.Polling;
using ExpEther.Linux.Sockets;

namespace ExpEther.Qemu.Qmp;

/// <summary>
/// The machine protocol of a QEMU (docs/interop/qmp-spec.rst), over a UNIX socket on which QEMU listens.
/// <code>
///   Away ──connect──► Greeting ──"QMP"──► Negotiating ──capabilities, KVM, status──► Ready
///    ▲                   │                     │                                       │
///    └────── backoff ────┴── silence, nonsense, a closed socket ───────────────────────┘
/// </code>
/// <para>
/// Theory: QEMU may be started and ended at any time, so whoever uses this asks for nothing to be there. It connects by itself: connect(2) on a
/// UNIX socket costs microseconds, so it is simply tried every so often; watching the folder would see the file appear, but not who listens on it. An answer
/// carries the number of its command; commands can overlap, QEMU does them one after the other. The version is in the greeting, so it is
/// not asked for. Nothing here waits while it could do something else: an access of the guest that QEMU waits for holds up QEMU's answers, and
/// is served by the same thread meanwhile.
/// </para>
/// </summary>
public sealed class QmpClient : IDisposable
{
    private readonly QmpClientOptions _options;
    private readonly OwnerScheduler _scheduler;
    private readonly IQmpListener _listener;
    private readonly IEventSink _events;
    private readonly OwnerSignal _changed;
    private readonly DescriptorSet _descriptors = new();
    private readonly Dictionary<long, QmpCall> _calls = [];
    private readonly ArrayBufferWriter<byte> _line = new();
    private readonly Queue<(string Name, JsonElement Data)> _early = new();
    private QmpStream? _stream;
    private QmpState _state = QmpState.Away;
    private Instant _deadline;
    private TimeSpan _retry = QemuLimits.QmpRetryMin;
    private QemuVersion _version;
    private long _lastId;
    private bool _wasWritable;
    private string _reported = "";
    private bool _isUnreachable;
    private bool _isDisposed;

    /// <param name="options">Where QEMU is.</param>
    /// <param name="scheduler">The owner's.</param>
    /// <param name="listener">Told what happens.</param>
    /// <param name="events">What an operator should know.</param>
    /// <exception cref="ArgumentException">The path is longer than a UNIX socket's can be.</exception>
    public QmpClient(QmpClientOptions options, OwnerScheduler scheduler, IQmpListener listener, IEventSink events)
    {
        if (options.Path is not null && Encoding.UTF8.GetByteCount(options.Path) is 0 or > LinuxLimits.UnixPathBytesMax)
        {
            throw new ArgumentException(
                $"the monitor's path '{options.Path}' is longer than the {LinuxLimits.UnixPathBytesMax} bytes of a UNIX socket's", nameof(options));
        }

        (_options, _scheduler, _listener, _events) = (options, scheduler, listener, events);
        _changed = new OwnerSignal(scheduler);
    }

    /// <summary>QEMU takes commands.</summary>
    public bool IsReady => _state == QmpState.Ready;

    /// <summary>Who is there; null while nobody is.</summary>
    public QmpPeer? Peer { get; private set; }

    /// <summary>The process that listens, as the kernel noted it (0: of no process ID here); null: none that could be connected to.</summary>
    public int? Process { get; private set; }

    public QmpCounters Counters { get; } = new();

    /// <summary>To wake for; the same for the client's life.</summary>
    public int PollFileDescriptor => _descriptors.FileDescriptor;

    public Instant? NextDeadline => IsReady || _options.Path is null ? null : _deadline;

    /// <summary>Connects, takes in, sends. Never blocks.</summary>
    /// <returns>True when something happened.</returns>
    public bool Poll(Instant now)
    {
        if (_stream is null)
        {
            return now >= _deadline && !_isDisposed && TryConnect(now);
        }

        var moved = _stream.Move();
        while (_stream is not null && _stream.TryTakeLine(out var line))
        {
            OnLine(line, now);
            moved = true;
        }

        if (_stream is { Fault: { } fault } broken)
        {
            Drop(fault, broken.IsViolated, now);
        }
        else if (!IsReady && _stream is not null && now >= _deadline)
        {
            Drop(
                $"QEMU said nothing for {QemuLimits.QmpGreetingTimeout.TotalSeconds:0} s; is another program connected to this monitor? It is ExpEther's own",
                false, now);
        }

        WatchForRoom();
        return moved;
    }

    /// <summary>
    /// Whether a monitor is there, also one that says nothing yet because its QEMU starts: looked for now, whenever the next attempt would be due.
    /// </summary>
    public bool Look(Instant now) => _stream is not null || (!_isDisposed && (TryConnect(now) || _isUnreachable));

    /// <summary>Has QEMU run a command. Ends within <paramref name="timeout"/> of the scheduler's time, whatever happens.</summary>
    /// <param name="command">QEMU's name for it.</param>
    /// <param name="arguments">Writes the members of its arguments; null: none.</param>
    /// <param name="timeout">After which an answer is not waited for any more.</param>
    public Task<QmpReply> ExecuteAsync(string command, Action<Utf8JsonWriter>? arguments, TimeSpan timeout) => IsReady
        ? CallAsync(command, arguments, timeout)
        : Task.FromResult(QmpReply.Failed(QmpOutcome.NotSent, "QEMU is not connected"));

    public void Dispose()
    {
        _isDisposed = true;
        _state = QmpState.Away;
        Peer = null;
        CloseStream();
        _descriptors.Dispose();
    }

    private bool TryConnect(Instant now)
    {
        if (_options.Path is not { } path)
        {
            return false;
        }

        try
        {
            var connection = UnixConnection.Connect(path);
            Process = connection.Peer.ProcessId;
            _stream = new QmpStream(connection);
        }
        catch (LinuxException e)
        {
            // No file and no process behind it are how a QEMU that does not run looks; everything else an operator should know of, once.
            _isUnreachable = e.Error is not (Errno.ENOENT or Errno.ECONNREFUSED);
            Retry(now);
            Report(_isUnreachable ? $"cannot reach QEMU's monitor: {e.Message}" : "");
            return false;
        }

        Counters.Connections++;
        _descriptors.Add(_stream.FileDescriptor, PollEvents.Readable);
        _wasWritable = false;
        _state = QmpState.Greeting;
        _deadline = now + QemuLimits.QmpGreetingTimeout;
        return true;
    }

    private void OnLine(ReadOnlySpan<byte> line, Instant now)
    {
        if (line.Trim(" \t"u8).IsEmpty)
        {
            return;
        }

        if (!QmpJson.TryParse(line, out var message))
        {
            Drop("it sent a line that is not a JSON object", true, now);
        }
        else if (_state == QmpState.Greeting)
        {
            OnGreeting(message, now);
        }
        else if (message.TryGetText("event", out var name))
        {
            Counters.Events++;
            if (IsReady)
            {
                _ = message.TryGet("data", JsonValueKind.Object, out var data);
                _listener.OnEvent(name, data);
            }
            else if (_early.Count < QemuLimits.QmpEarlyEventsMax)
            {
                // What happens after query-status was answered must not be missed; what happened before is in the answer, and told again does no harm.
                _ = message.TryGet("data", JsonValueKind.Object, out var data);
                _early.Enqueue((name, data));
            }
        }
        else
        {
            OnAnswer(message);
        }
    }

    private void OnGreeting(JsonElement message, Instant now)
    {
        if (!message.TryGet("QMP", JsonValueKind.Object, out var greeting) || !greeting.TryGet("version", JsonValueKind.Object, out var version)
            || !version.TryGet("qemu", JsonValueKind.Object, out var qemu)
            || !qemu.TryGetNumber("major", out var major) || !qemu.TryGetNumber("minor", out var minor) || !qemu.TryGetNumber("micro", out var micro))
        {
            Drop("it did not greet as a QEMU monitor of mode=control does", true, now);
            return;
        }

        _version = new QemuVersion((int)major, (int)minor, (int)micro);
        _state = QmpState.Negotiating;
        var stream = _stream;
        _scheduler.Start(() => NegotiateAsync(stream!));
    }

    private async Task NegotiateAsync(QmpStream stream)
    {
        var capabilities = await CallAsync("qmp_capabilities", null, QemuLimits.QmpGreetingTimeout);
        var kvm = await CallAsync("query-kvm", null, QemuLimits.QmpGreetingTimeout);
        var status = await CallAsync("query-status", null, QemuLimits.QmpGreetingTimeout);
        if (!ReferenceEquals(stream, _stream) || _state != QmpState.Negotiating)
        {
            return;
        }

        if (!capabilities.IsDone)
        {
            Drop($"QEMU does not take commands: {capabilities.Text}", true, _scheduler.Now);
            return;
        }

        _state = QmpState.Ready;
        _retry = QemuLimits.QmpRetryMin;
        _reported = "";
        _ = status.Value.TryGetText("status", out var state);
        Peer = new QmpPeer(_version, kvm.Value.IsTrue("enabled"), status.Value.IsTrue("running"), state == "suspended", state == "inmigrate");
        _listener.OnConnected(Peer);
        while (IsReady && _early.TryDequeue(out var early))
        {
            _listener.OnEvent(early.Name, early.Data);
        }
    }

    private void OnAnswer(JsonElement message)
    {
        if (!message.TryGetNumber("id", out var id) || !_calls.TryGetValue(id, out var call) || call.Reply is not null)
        {
            Counters.LateAnswers++;
            return;
        }

        if (message.TryGetProperty("return", out var value))
        {
            call.Reply = QmpReply.Of(value);
        }
        else
        {
            Counters.Refused++;
            _ = message.TryGet("error", JsonValueKind.Object, out var error);
            call.Reply = new QmpReply(
                QmpOutcome.Refused, default, error.TryGetText("class", out var kind) ? kind : "",
                error.TryGetText("desc", out var text) ? text : "QEMU gave no reason");
        }

        _changed.Set();
    }

    private async Task<QmpReply> CallAsync(string command, Action<Utf8JsonWriter>? arguments, TimeSpan timeout)
    {
        if (_stream is null || _calls.Count >= QemuLimits.QmpCallsMax || !TryQueue(command, arguments, ++_lastId))
        {
            return QmpReply.Failed(QmpOutcome.NotSent, _stream is null ? "QEMU is not connected" : "too many commands wait for QEMU");
        }

        Counters.Commands++;
        var id = _lastId;
        var call = new QmpCall();
        _calls.Add(id, call);
        WatchForRoom();
        if (!await _changed.WaitUntil(() => call.Reply is not null, timeout))
        {
            Counters.TimedOut++;
        }

        _calls.Remove(id);
        return call.Reply ?? QmpReply.Failed(QmpOutcome.TimedOut, $"QEMU did not answer {command} within {timeout.TotalSeconds:0.#} s");
    }

    private bool TryQueue(string command, Action<Utf8JsonWriter>? arguments, long id)
    {
        _line.ResetWrittenCount();
        using (var writer = new Utf8JsonWriter(_line))
        {
            writer.WriteStartObject();
            writer.WriteString("execute"u8, command);
            writer.WriteNumber("id"u8, id);
            if (arguments is not null)
            {
                writer.WriteStartObject("arguments"u8);
                arguments(writer);
                writer.WriteEndObject();
            }

            writer.WriteEndObject();
        }

        _line.Write("\n"u8);
        return _stream!.TryQueue(_line.WrittenSpan);
    }

    private void Drop(string reason, bool isViolation, Instant now)
    {
        var wasReady = IsReady;
        CloseStream();
        Peer = null;
        _state = QmpState.Away;
        if (isViolation)
        {
            Counters.Violations++;
        }

        // Nobody listens to a QEMU that ends; one that was never ready is met again at once, and complained of once.
        Retry(now);
        if (wasReady)
        {
            _listener.OnDisconnected(reason);
        }
        else
        {
            Report($"QEMU's monitor at {_options.Path} is of no use: {reason}");
        }
    }

    private void CloseStream()
    {
        if (_stream is null)
        {
            return;
        }

        _descriptors.Remove(_stream.FileDescriptor);
        _stream.Dispose();
        (_stream, Process) = (null, null);
        _early.Clear();
        foreach (var call in _calls.Values)
        {
            call.Reply ??= QmpReply.Failed(QmpOutcome.Disconnected, "the connection to QEMU ended");
        }

        _changed.Set();
    }

    private void Retry(Instant now)
    {
        _deadline = now + _retry;
        _retry = _retry * 2 < QemuLimits.QmpRetryMax ? _retry * 2 : QemuLimits.QmpRetryMax;
    }

    /// <summary>What waits to be sent goes at the next turn; what still waits then is waited for.</summary>
    private void WatchForRoom()
    {
        if (_stream is not null && _stream.WantsToWrite != _wasWritable)
        {
            _wasWritable = _stream.WantsToWrite;
            _descriptors.Change(_stream.FileDescriptor, _wasWritable ? PollEvents.Readable | PollEvents.Writable : PollEvents.Readable);
        }
    }

    private void Report(string trouble)
    {
        if (trouble.Length > 0 && trouble != _reported)
        {
            _events.Report(EventSeverity.Warning, _options.Name, trouble);
        }

        _reported = trouble;
    }
}
