using ExpEther.Linux.Polling;
using ExpEther.Linux.Sockets;
using ExpEther.VfioUser.Keeping;

namespace ExpEther.Daemon.Keeping;

/// <summary>A client's connection in a keeper: held untouched while its bridge lives, then served.</summary>
internal sealed class KeptClient(long number, string name, ReceivedDescriptors descriptors) : IDisposable
{
    private UnixConnection? _connection = UnixConnection.Of(descriptors.Take(0));
    private readonly int _journal = descriptors.Take(1);
    private KeptConnection? _kept;
    private PollEvents _interest;

    public long Number => number;

    public string Name => name;

    public bool IsServed => _kept is not null;

    /// <summary>There is something to do although its descriptor is not ready.</summary>
    public bool HasWork => _kept is { HasWork: true };

    /// <summary>Why it has ended; null: it has not.</summary>
    public string? EndReason { get; private set; }

    /// <summary>Serves it from now on: its bridge never touches it again.</summary>
    public void Begin(Poller poller)
    {
        _kept = KeptConnection.Continue(_connection!, _journal);
        _connection = null;
        if (_kept is null)
        {
            EndReason = "what its bridge left of it makes no sense";
            return;
        }

        _interest = _kept.Interest;
        poller.Add(_kept.FileDescriptor, _interest);
    }

    public void Poll(Poller poller)
    {
        if (_kept is null || EndReason is not null)
        {
            return;
        }

        _kept.Poll();
        EndReason = _kept.EndReason;
        if (EndReason is not null)
        {
            poller.Remove(_kept.FileDescriptor);
        }
        else if (_kept.Interest != _interest)
        {
            _interest = _kept.Interest;
            poller.Change(_kept.FileDescriptor, _interest);
        }
    }

    public void Dispose()
    {
        if (_connection is not null)
        {
            _connection.Dispose();
            using var rest = new ReceivedDescriptors();
            rest.TryAdd(_journal);
        }

        _kept?.Dispose();
    }
}
