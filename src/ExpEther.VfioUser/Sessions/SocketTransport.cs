using ExpEther.Linux.Sockets;

namespace ExpEther.VfioUser.Sessions;

/// <summary>A session's UNIX connection.</summary>
internal sealed class SocketTransport(UnixConnection connection) : IClientTransport
{
    public UnixConnection Connection => connection;

    public StreamStatus TryReceive(Span<byte> into, ReceivedDescriptors descriptors, out int bytes) =>
        connection.TryReceive(into, descriptors, out bytes);

    public StreamStatus TrySend(ReadOnlySpan<byte> from, out int bytes) => connection.TrySend(from, out bytes);

    public void Dispose() => connection.Dispose();
}
