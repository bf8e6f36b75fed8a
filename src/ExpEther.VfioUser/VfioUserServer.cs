using ExpEther.Core.Time;
using ExpEther.Linux;
using ExpEther.Linux.Polling;
using ExpEther.Linux.Sockets;
using ExpEther.Pcie;
using ExpEther.RootComplex.Memory;
using ExpEther.VfioUser.Keeping;
using ExpEther.VfioUser.Memory;
using ExpEther.VfioUser.Sessions;

namespace ExpEther.VfioUser;

/// <summary>
/// One device's vfio-user socket: listens, and serves one client at a time. A second one that connects while one is served is closed at once,
/// unless the first is gone. Each client starts from nothing. One thread.
/// <para>
/// A client that has had the device keeps its connection when the device is taken from it, and is told that the device is absent
/// (<see cref="KeptConnection"/>) until it closes the connection: QEMU maps and unmaps memory for as long as it has a device, and ends when it cannot.
/// </para>
/// </summary>
public sealed class VfioUserServer : IDisposable
{
    // Listening is looked at so often when clients are busy; a sleeping owner is woken by the descriptor.
    private static readonly TimeSpan AcceptInterval = TimeSpan.FromMicroseconds(250);

    // A client that was heard so lately is likely to say more: one system call finds out, where a look at the descriptors and a receive are two.
    private static readonly TimeSpan ActiveTime = TimeSpan.FromMicroseconds(250);

    private const int ReportsPerConnectionMax = 64;

    private readonly VfioUserServerOptions _options;
    private readonly IVfioUserDevice _device;
    private readonly IEventSink _events;
    private readonly UnixListener _listener;
    private readonly long _heldListener;
    private readonly DescriptorSet _descriptors;
    private readonly GuestMemory _memory = new();
    private ClientSession? _session;
    private UnixConnection? _connection;
    private long _held;
    private readonly List<(KeptConnection Connection, long Held, PollEvents Interest)> _absent = [];
    private PollEvents _interest;
    private Instant _nextAccept;
    private Instant _activeUntil;
    private uint _connections;
    private readonly HashSet<string> _reported = [];
    private IReadOnlyList<ClientTrouble>? _reportedTroubles;
    private bool _isPolling;
    private bool _isEnding;

    /// <exception cref="Linux.LinuxException">The socket cannot be made there.</exception>
    public VfioUserServer(VfioUserServerOptions options, IVfioUserDevice device, IEventSink events)
    {
        _options = options;
        _device = device;
        _events = events;
        _listener = Listen(options);
        _heldListener = options.Keeper?.HoldListener(options.Path, _listener.FileDescriptor) ?? 0;
        _descriptors = new DescriptorSet();
        _descriptors.Add(_listener.FileDescriptor, PollEvents.Readable);
    }

    /// <summary>
    /// The client's memory: mapped ranges as spans; it is also <see cref="Asked"/>, for those that came without a descriptor. Empty without a client.
    /// A span is valid only until the caller returns to the owner loop.
    /// </summary>
    public IHostMemory Memory => _memory;

    public IAskedMemory Asked => _memory;

    /// <summary>A client has negotiated its version and is served.</summary>
    public bool IsConnected => _session is { IsServed: true, EndReason: null };

    /// <summary>The client's process, as the kernel noted it at connect (0: it has no process ID here); null: no client.</summary>
    public int? ClientProcess => _connection?.Peer.ProcessId;

    /// <summary>What an operator should know of the client that is served, and what to do: its memory or its interrupts cannot be used as they are.</summary>
    public IReadOnlyList<string> Troubles => _session is null ? [] : [.. _session.Troubles.All.Select(t => t.Text)];

    public Instant? NextDeadline => _absent.Exists(static a => a.Connection.HasWork) ? Instant.Zero : _session?.NextDeadline;

    /// <summary>To watch for <see cref="PollEvents.Readable"/>: the listener and the client behind one descriptor that never changes.</summary>
    public int PollFileDescriptor => _descriptors.FileDescriptor;

    public VfioUserCounters Counters { get; } = new();

    /// <summary>Takes notice of the time; whether there is something to do though nothing came.</summary>
    /// <returns>True: a client was active a moment ago and is looked at directly, one waits for the device or to be sent more, a time is over.</returns>
    public bool Advance(Instant now)
    {
        _memory.Now = now;
        _session?.Advance(now);
        return now < _activeUntil || NextDeadline <= now || (_session is not null && (_session.IsWaiting || _session.Interest != _interest));
    }

    /// <summary>
    /// Takes what has come in, sends what waits. Never blocks. To be called again and again while it says true, and whenever the poll descriptor is
    /// readable, or <see cref="Advance"/> says so.
    /// </summary>
    /// <param name="now">The time.</param>
    /// <param name="mayHaveCome">False: the poll descriptor was looked at and is not readable, so no client waits to be accepted.</param>
    /// <returns>True when something happened.</returns>
    public bool Poll(Instant now, bool mayHaveCome = true)
    {
        _memory.Now = now;
        var moved = false;
        if (_session is not null)
        {
            _isPolling = true;
            moved = _session.Poll(now);
            _isPolling = false;
            if ((_session.Interest & PollEvents.Readable) == 0 && _connection!.IsPeerGone)
            {
                // Its last messages cannot be looked at, and so the end behind them is not seen either.
                _session.End("the client has closed the connection");
            }

            moved |= EndIfEnded();
        }

        if (_absent.Count > 0)
        {
            moved |= PollAbsent();
        }

        if (mayHaveCome && now >= _nextAccept)
        {
            _nextAccept = now + AcceptInterval;
            moved |= Accept(now);
        }

        Watch();
        ReportTrouble();
        if (moved)
        {
            _activeUntil = now + ActiveTime;
        }

        return moved;
    }

    /// <summary>Ends a <see cref="IVfioUserDevice.TryRead"/>. One of a client that is gone is ignored.</summary>
    /// <param name="token">As given.</param>
    /// <param name="data">All that was asked for.</param>
    public void CompleteRead(ulong token, ReadOnlySpan<byte> data) => _session?.CompleteRead(token, data);

    /// <summary>Ends a <see cref="IVfioUserDevice.TryWrite"/> that is not posted, or a <see cref="IVfioUserDevice.TryReset"/>.</summary>
    /// <param name="token">As given.</param>
    /// <param name="isDone">False: the client gets an error.</param>
    public void CompleteWrite(ulong token, bool isDone) => _session?.CompleteWrite(token, isDone);

    /// <summary>
    /// Writes to the client's memory by DMA_WRITE whatever is mapped: how an interrupt message reaches the client's interrupt controller. In
    /// order with the writes of <see cref="Asked"/> and with replies.
    /// </summary>
    /// <param name="address">Where.</param>
    /// <param name="data">1 to 4096 bytes.</param>
    /// <returns>False: no client, or it takes nothing any more; such a client is closed.</returns>
    public bool TryWriteMessage(HostAddress address, ReadOnlySpan<byte> data)
    {
        if (!IsConnected)
        {
            return false;
        }

        if (_session!.TrySendInterrupt(address.Value, data))
        {
            return true;
        }

        _session.End("it does not read what it is sent");
        return false;
    }

    /// <summary>
    /// Takes the device from its client, which keeps its connection. The device is told, within this call unless it is called from within Poll.
    /// </summary>
    public void Disconnect(string reason)
    {
        _session?.End(reason);
        if (!_isPolling)
        {
            EndIfEnded();
        }
    }

    /// <summary>Ends all that is here. A keeper goes on with the connections.</summary>
    public void Dispose()
    {
        _isEnding = true;
        Disconnect("the server ends");
        foreach (var (connection, held, _) in _absent)
        {
            connection.Dispose();
            _options.Keeper?.GoOn(held);
        }

        _absent.Clear();
        _listener.Dispose();
        _options.Keeper?.Release(_heldListener);
        _descriptors.Dispose();
    }

    private static UnixListener Listen(VfioUserServerOptions options) =>
        options.Keeper?.TakeListener(options.Path) is { } left and >= 0
        && UnixListener.TryTakeOver(options.Path, left, options.Mode, options.Owner, options.Group) is { } listener
            ? listener
            : new UnixListener(options.Path, options.Mode, options.Owner, options.Group);

    private bool Accept(Instant now)
    {
        var any = false;
        for (var i = 0; i < VfioUserLimits.AcceptsPerPollMax && _listener.TryAccept(out var connection); i++)
        {
            any = true;
            if (_session is not null && _connection!.IsPeerGone)
            {
                _session.End("the client has closed the connection");
                EndIfEnded();
            }

            if (_session is not null)
            {
                Counters.Surplus++;
                connection.Dispose();
                continue;
            }

            Counters.Connections++;
            _connection = connection;
            if (TryBegin() is not { } journal)
            {
                connection.Dispose();
                continue;
            }

            _held = _options.Keeper?.Hold(_options.Name, connection.FileDescriptor, journal.FileDescriptor) ?? 0;
            _session = new ClientSession(
                ++_connections, new SocketTransport(connection), journal, _device, _memory, Counters, _options.ReadyTimeout, now);
            _interest = _session.Interest;
            _descriptors.Add(connection.FileDescriptor, _interest);
        }

        return any;
    }

    private SessionJournal? TryBegin()
    {
        try
        {
            return SessionJournal.Create();
        }
        catch (LinuxException e)
        {
            _events.Report(EventSeverity.Error, _options.Name, $"a vfio-user client cannot be served: {e.Message}");
            return null;
        }
    }

    private bool EndIfEnded()
    {
        if (_session?.EndReason is not { } reason)
        {
            return false;
        }

        var (ended, connection) = (_session, _connection!);
        _descriptors.Remove(connection.FileDescriptor);
        _memory.Clear();
        _session = null;
        _connection = null;
        _reported.Clear();
        var isKept = !_isEnding && ended.CanGoOn && _absent.Count < VfioUserLimits.AbsentSessionsMax && !connection.IsPeerGone;
        if (isKept)
        {
            GoOnWithout(connection, ended.Leave());
        }
        else if (!_isEnding)
        {
            connection.ShutDown();
            _options.Keeper?.Release(_held);
        }

        ended.Dispose();
        if (_isEnding)
        {
            _options.Keeper?.GoOn(_held);
        }

        _events.Report(
            ended.IsViolation ? EventSeverity.Warning : EventSeverity.Information, _options.Name,
            $"vfio-user client {(isKept ? "left without its device" : "closed")}: {reason}");
        if (ended.IsServed)
        {
            _device.OnDisconnected(reason);
        }

        return true;
    }

    private void GoOnWithout(UnixConnection connection, JournalMemory memory)
    {
        var kept = KeptConnection.Continue(connection, memory);
        Check.That(kept is not null);
        _descriptors.Add(kept.FileDescriptor, kept.Interest);
        _absent.Add((kept, _held, kept.Interest));
    }

    private bool PollAbsent()
    {
        var moved = false;
        for (var i = _absent.Count - 1; i >= 0; i--)
        {
            var (kept, held, interest) = _absent[i];
            moved |= kept.Poll();
            if (kept.EndReason is not null)
            {
                _descriptors.Remove(kept.FileDescriptor);
                _absent.RemoveAt(i);
                kept.ShutDown();
                _options.Keeper?.Release(held);
                kept.Dispose();
            }
            else if (kept.Interest != interest)
            {
                _descriptors.Change(kept.FileDescriptor, kept.Interest);
                _absent[i] = (kept, held, kept.Interest);
            }
        }

        return moved;
    }

    private void Watch()
    {
        if (_session is not null && _session.Interest != _interest)
        {
            _interest = _session.Interest;
            _descriptors.Change(_connection!.FileDescriptor, _interest);
        }
    }

    /// <summary>Each once while the connection lasts: a guest that resets maps its memory anew.</summary>
    private void ReportTrouble()
    {
        var troubles = _session?.Troubles.All ?? [];
        if (ReferenceEquals(troubles, _reportedTroubles))
        {
            return;
        }

        _reportedTroubles = troubles;
        foreach (var trouble in troubles)
        {
            if (_reported.Count < ReportsPerConnectionMax && _reported.Add(trouble.Text))
            {
                _events.Report(trouble.Severity, _options.Name, trouble.Text);
            }
        }
    }
}
