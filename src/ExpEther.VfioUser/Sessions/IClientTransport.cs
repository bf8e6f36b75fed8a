using ExpEther.Linux.Sockets;

namespace ExpEther.VfioUser.Sessions;

/// <summary>A client's stream as a session sees it: nonblocking; a socket, or what a test puts in its place.</summary>
internal interface IClientTransport : IDisposable
{
    /// <inheritdoc cref="UnixConnection.TryReceive(Span{byte}, ReceivedDescriptors, out int)"/>
    StreamStatus TryReceive(Span<byte> into, ReceivedDescriptors descriptors, out int bytes);

    /// <summary>Sends as much as there is room for.</summary>
    StreamStatus TrySend(ReadOnlySpan<byte> from, out int bytes);
}
