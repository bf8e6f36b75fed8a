using ExpEther.Linux.Memory;
using ExpEther.Linux.Polling;
using ExpEther.Linux.Sockets;
using ExpEther.VfioUser.Sessions;

namespace ExpEther.VfioUser.Keeping;

/// <summary>A connection that goes on without its device (<see cref="AbsentSession"/>), until its client closes it. One thread.</summary>
public sealed class KeptConnection : IDisposable
{
    private readonly UnixConnection _connection;
    private readonly AbsentSession _session;

    private KeptConnection(UnixConnection connection, AbsentSession session)
    {
        _connection = connection;
        _session = session;
    }

    /// <summary>To watch for <see cref="Interest"/>; belongs to this object.</summary>
    public int FileDescriptor => _connection.FileDescriptor;

    public PollEvents Interest => _session.Interest;

    /// <summary>There is something to do although the descriptor is not ready.</summary>
    public bool HasWork => _session.HasWork;

    /// <summary>Why it has ended; null: it has not.</summary>
    public string? EndReason { get; private set; }

    /// <summary>Goes on with what another process has left.</summary>
    /// <param name="connection">The client's; owned by the connection from now on.</param>
    /// <param name="journal">Descriptor of the journal's memory; likewise, and closed where it is refused.</param>
    /// <returns>Null: the journal is none, and both are closed.</returns>
    public static KeptConnection? Continue(UnixConnection connection, int journal)
    {
        if (SharedMemoryFile.Open(journal, SessionJournal.Bytes) is { } file && Continue(connection, new JournalMemory(file)) is { } kept)
        {
            return kept;
        }

        connection.Dispose();
        return null;
    }

    /// <summary>Answers what there is, never waiting.</summary>
    /// <returns>True when something happened.</returns>
    public bool Poll()
    {
        var moved = _session.Poll();
        EndReason ??= _session.EndReason;
        if (EndReason is null && (_session.Interest & PollEvents.Readable) == 0 && _connection.IsPeerGone)
        {
            EndReason = "the client has closed the connection";
        }

        return moved;
    }

    /// <summary>Ends the connection for the client too, although other processes have descriptors of it.</summary>
    public void ShutDown() => _connection.ShutDown();

    public void Dispose() => _session.Dispose();

    internal static KeptConnection? Continue(UnixConnection connection, JournalMemory memory) =>
        SessionJournal.Continue(memory) is { } journal
            ? new KeptConnection(connection, new AbsentSession(new SocketTransport(connection), journal))
            : null;
}
