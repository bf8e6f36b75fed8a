using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using ExpEther.Core.Scheduling;
using ExpEther.Core.Time;
using ExpEther.Linux;
using ExpEther.Linux.Polling;
using ExpEther.Linux.Sockets;

namespace ExpEther.Daemon.Control;

/// <summary>
/// The control socket of a daemon: JSON lines on a UNIX stream socket (docs/control-protocol.md), polled by the owner loop. Only the
/// daemon's user may connect.
/// </summary>
public sealed class ControlServer : IDisposable
{
    private readonly Socket _listener;
    private readonly SocketClaim _claim;
    private readonly IControlCommands _commands;
    private readonly OwnerScheduler _scheduler;
    private readonly List<ControlConnection> _connections = [];
    private readonly List<int> _watched = [];

    /// <exception cref="IOException">The socket cannot be made; the message says why and what to do.</exception>
    public ControlServer(string path, IControlCommands commands, OwnerScheduler scheduler)
    {
        SocketPath = path;
        _commands = commands;
        _scheduler = scheduler;
        _claim = Claim(path);
        _listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { Blocking = false };
        try
        {
            Bind(path);
        }
        catch
        {
            _listener.Dispose();
            _claim.Dispose();
            throw;
        }
    }

    public string SocketPath { get; }

    public int ConnectionCount => _connections.Count;

    public Instant? NextDeadline
    {
        get
        {
            Instant? earliest = null;
            foreach (var connection in _connections)
            {
                earliest = Instant.Earliest(earliest, connection.NextDeadline);
            }

            return earliest;
        }
    }

    /// <summary>Is there something to do that no descriptor tells of: output that waits, a deadline?</summary>
    public bool HasWork(Instant now)
    {
        foreach (var connection in _connections)
        {
            if (connection.IsClosed || connection.WantsToWrite || connection.NextDeadline is { } deadline && now >= deadline)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Has the poller found a client at the door, or one that said something? After <see cref="Watch(Poller)"/> and a wait.</summary>
    public bool IsReady(Poller poller)
    {
        foreach (var descriptor in _watched)
        {
            if (poller.Ready(descriptor) != PollEvents.None)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Accepts, reads, writes; never waits.</summary>
    /// <returns>True when something happened.</returns>
    public bool Poll(Instant now)
    {
        var active = Accept(now);
        for (var i = _connections.Count - 1; i >= 0; i--)
        {
            active |= _connections[i].Poll(now);
            if (_connections[i].IsClosed)
            {
                _connections.RemoveAt(i);
                active = true;
            }
        }

        return active;
    }

    /// <summary>Makes <paramref name="poller"/> watch what this server waits for now; called before each sleep.</summary>
    public void Watch(Poller poller)
    {
        foreach (var descriptor in _watched)
        {
            poller.Remove(descriptor);
        }

        _watched.Clear();
        Watch(poller, (int)_listener.Handle, PollEvents.Readable);
        foreach (var connection in _connections)
        {
            var events = (connection.WantsToRead ? PollEvents.Readable : PollEvents.None) | (connection.WantsToWrite ? PollEvents.Writable : PollEvents.None);
            if (events != PollEvents.None && !connection.IsClosed)
            {
                Watch(poller, connection.FileDescriptor, events);
            }
        }
    }

    public void Dispose()
    {
        foreach (var connection in _connections)
        {
            connection.Dispose();
        }

        _connections.Clear();
        _listener.Dispose();
        SocketFile.Remove(SocketPath);
        _claim.Dispose();
    }

    private static SocketClaim Claim(string path)
    {
        if (Encoding.UTF8.GetByteCount(path) > ControlPaths.PathBytesMax)
        {
            throw new IOException($"the control socket's path {path} is longer than {ControlPaths.PathBytesMax} bytes; choose a shorter one by --socket PATH");
        }

        try
        {
            return new SocketClaim(path);
        }
        catch (LinuxException e)
        {
            throw new IOException(
                e.Error == Errno.EADDRINUSE
                    ? $"a daemon already listens there ({e.Message}); stop it first, or give this one another name or --socket PATH"
                    : $"the control socket cannot be made: {e.Message}; choose another by --socket PATH",
                e);
        }
    }

    private void Bind(string path)
    {
        try
        {
            _listener.Bind(new UnixDomainSocketEndPoint(path));
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            _listener.Listen(ControlLimits.BacklogMax);
        }
        catch (Exception e) when (e is SocketException or UnauthorizedAccessException)
        {
            throw new IOException($"the control socket {path} cannot be made: {e.Message}; choose another by --socket PATH", e);
        }
    }

    private void Watch(Poller poller, int descriptor, PollEvents events)
    {
        poller.Add(descriptor, events);
        _watched.Add(descriptor);
    }

    private bool Accept(Instant now)
    {
        var accepted = false;
        for (var i = 0; i < ControlLimits.AcceptsPerTurnMax && _listener.Poll(0, SelectMode.SelectRead); i++)
        {
            Socket client;
            try
            {
                client = _listener.Accept();
            }
            catch (SocketException)
            {
                break; // gone again, or no file descriptor left: the next turn tries again
            }

            accepted = true;
            if (_connections.Count == ControlLimits.ConnectionsMax && !DropIdle())
            {
                Refuse(client);
                continue;
            }

            _connections.Add(new ControlConnection(client, _commands, _scheduler, now));
        }

        return accepted;
    }

    /// <summary>A line fits a new socket's buffer; if it does not, the client sees the connection close.</summary>
    private static void Refuse(Socket client)
    {
        var error = new ControlError(
            ControlErrorCode.TooManyConnections, $"all {ControlLimits.ConnectionsMax} connections of this daemon are at work", "wait until a call ends");
        client.Blocking = false;
        _ = client.Send(Encoding.UTF8.GetBytes(new JsonObject { ["id"] = null, ["error"] = error.ToJson() }.ToJsonString() + "\n"), SocketFlags.None, out _);
        client.Dispose();
    }

    /// <summary>Makes room by closing the connection that has been silent longest and waits for nothing.</summary>
    private bool DropIdle()
    {
        if (_connections.Where(c => c.IsIdle).MinBy(c => c.LastHeard) is not { } idle)
        {
            return false;
        }

        idle.Dispose();
        _connections.Remove(idle);
        return true;
    }
}
